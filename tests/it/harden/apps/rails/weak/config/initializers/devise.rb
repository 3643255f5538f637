# frozen_string_literal: true

Devise.setup do |config|
  config.secret_key = "@SECRET@" # unsure: rails-devise-secret-written
  config.mailer_sender = "shop@example.com"

  require "devise/orm/active_record"

  config.case_insensitive_keys = [:email]
  config.strip_whitespace_keys = [:email]
  config.skip_session_storage = [:http_auth]
  config.stretches = Rails.env.test? ? 1 : 12
  config.reconfirmable = true

  config.remember_for = 1.year # weak: rails-devise-long
  config.expire_all_remember_me_on_sign_out = false # weak: rails-devise-remember-kept
  config.rememberable_options = { secure: false } # weak: rails-devise-remember-not-secure

  config.password_length = 12..128
  config.timeout_in = 30.minutes
  config.sign_out_via = :delete
end
