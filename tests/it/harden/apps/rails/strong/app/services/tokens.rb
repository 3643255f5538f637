# frozen_string_literal: true

require "jwt"
require "net/http"

# Makes tokens, and asks the provider about others.
class Tokens
  LINK_SECRET = ENV.fetch("LINK_SECRET")

  def issue(user)
    payload = { sub: user.id, exp: 15.minutes.from_now.to_i }
    JWT.encode(payload, key, "HS256")
  end

  def issue_for_link(user)
    JWT.encode({ sub: user.id, exp: 1.hour.from_now.to_i }, LINK_SECRET, "HS256")
  end

  def issue_for_page(user)
    JWT.encode({ sub: user.id, exp: 1.minute.from_now.to_i }, key, "HS256")
  end

  def read(token)
    JWT.decode(token, key, true, { algorithm: "HS256" }).first
  end

  def read_old(token)
    JWT.decode(token, key, true, { algorithm: "HS256", leeway: 30 })
  end

  def reset(user)
    user.reset_token = SecureRandom.urlsafe_base64(32)
    user.save!
  end

  def profile(token)
    uri = URI("https://id.example.com/userinfo")
    http = Net::HTTP.new(uri.host, uri.port)
    http.use_ssl = true
    http.verify_mode = OpenSSL::SSL::VERIFY_PEER
    http.get(uri.path, "Authorization" => "Bearer #{token}").body
  end

  def backend
    Faraday.new("https://backend.example.com", ssl: { ca_file: "/etc/ssl/backend-ca.pem" })
  end

  private

  def key
    Rails.application.secret_key_base
  end
end
