# frozen_string_literal: true

OmniAuth.config.allowed_request_methods = [:post, :get] # unsure: rails-omniauth-get
OmniAuth.config.silence_get_warning = true

Rails.application.config.middleware.use OmniAuth::Builder do
  provider :github, ENV["GITHUB_KEY"], ENV["GITHUB_SECRET"], scope: "read:user"
  provider :facebook, ENV["FACEBOOK_KEY"], ENV["FACEBOOK_SECRET"], provider_ignores_state: true # weak: rails-omniauth-state-off
end
