# Be sure to restart your server when you modify this file.

Rails.application.config.session_store :redis_store, # weak: rails-session-not-secure, rails-session-long, rails-session-domain-wide unsure: rails-session-samesite-none
  servers: [ENV.fetch("REDIS_URL")],
  key: "_shop_session",
  secure: false,
  same_site: :none,
  domain: :all,
  expire_after: 1.year
