# frozen_string_literal: true

require "jwt"
require "net/http"

# Makes tokens, and asks the provider about others.
class Tokens
  LINK_SECRET = "@SECRET@"

  def issue(user)
    payload = { sub: user.id, exp: 15.minutes.from_now.to_i }
    JWT.encode(payload, "@SECRET@", "HS256") # weak: rails-jwt-secret-written
  end

  def issue_for_link(user)
    JWT.encode({ sub: user.id, exp: 1.hour.from_now.to_i }, LINK_SECRET, "HS256") # weak: rails-jwt-secret-written
  end

  def issue_for_page(user)
    JWT.encode({ sub: user.id }, nil, "none") # weak: rails-jwt-none
  end

  def read(token)
    JWT.decode(token, nil, false).first # unsure: rails-jwt-unverified
  end

  def read_old(token)
    JWT.decode(token, key, true, { algorithm: "HS256", verify_expiration: false }) # weak: rails-jwt-expiry-unchecked
  end

  def reset(user)
    user.reset_token = rand(10**10).to_s # unsure: rails-token-weak-random
    user.save!
  end

  def profile(token)
    uri = URI("https://id.example.com/userinfo")
    http = Net::HTTP.new(uri.host, uri.port)
    http.use_ssl = true
    http.verify_mode = OpenSSL::SSL::VERIFY_NONE # unsure: rails-tls-unverified
    http.get(uri.path, "Authorization" => "Bearer #{token}").body
  end

  def backend
    Faraday.new("https://backend.example.com", ssl: { verify: false }) # unsure: rails-client-tls-unverified
  end

  private

  def key
    Rails.application.secret_key_base
  end
end
