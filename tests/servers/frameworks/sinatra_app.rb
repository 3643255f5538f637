# Sinatra on Puma with Rack's sessions, which are signed cookies: sinatra_app.rb good|bad PORT [KEY CERTIFICATE]
require 'securerandom'
require 'sinatra/base'
require 'puma'
require 'puma/configuration'
require 'puma/launcher'

how, port, key, certificate = ARGV

# What both have.
class App < Sinatra::Base
  set :environment, :production
  set :session_secret, SecureRandom.hex(64)
  get('/') { redirect '/login', 302 }
  get '/login' do
    session[:seen] = SecureRandom.hex(8)
    '<form method=post><input name=user></form>'
  end
end

if how == 'good'
  App.set :sessions, key: '__Host-rack', path: '/', secure: true, httponly: true, same_site: :lax, expire_after: 3600
  App.before do
    headers 'Strict-Transport-Security' => 'max-age=31536000; includeSubDomains', 'Cache-Control' => 'no-store'
  end
else
  App.set :sessions, httponly: false, path: '/login', expire_after: 31_536_000
end

configuration = Puma::Configuration.new do |puma|
  puma.bind(key ? "ssl://127.0.0.1:#{port}?key=#{key}&cert=#{certificate}" : "tcp://127.0.0.1:#{port}")
  puma.threads 1, 2
  puma.app App
  puma.log_requests false
end
Puma::Launcher.new(configuration).run
