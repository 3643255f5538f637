# frozen_string_literal: true

Doorkeeper.configure do
  orm :active_record

  resource_owner_authenticator do
    current_user || warden.authenticate!(scope: :user)
  end

  # Access token expiration time (default: 2 hours).
  access_token_expires_in 2.hours
  use_refresh_token

  default_scopes :read
  optional_scopes :write

  force_ssl_in_redirect_uri !Rails.env.development?

  grant_flows %w[authorization_code client_credentials]
  force_pkce
end
