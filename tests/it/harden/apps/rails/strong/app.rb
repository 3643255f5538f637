# frozen_string_literal: true

require "sinatra/base"

# What the monitoring asks.
class Health < Sinatra::Base
  enable :sessions
  set :session_secret, ENV.fetch("SESSION_SECRET")

  get "/up" do
    session[:seen] = true
    "up"
  end
end
