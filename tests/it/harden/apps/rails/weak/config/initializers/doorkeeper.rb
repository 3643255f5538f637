# frozen_string_literal: true

Doorkeeper.configure do
  orm :active_record

  resource_owner_authenticator do
    current_user || warden.authenticate!(scope: :user)
  end

  # Access token expiration time (default: 2 hours).
  access_token_expires_in nil # weak: rails-doorkeeper-never-ends
  use_refresh_token

  default_scopes :read
  optional_scopes :write

  force_ssl_in_redirect_uri false # weak: rails-doorkeeper-redirect-http

  grant_flows %w[authorization_code implicit password] # weak: rails-doorkeeper-implicit, rails-doorkeeper-password
end
