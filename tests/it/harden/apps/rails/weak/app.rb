# frozen_string_literal: true

require "sinatra/base"

# What the monitoring asks.
class Health < Sinatra::Base
  enable :sessions
  set :session_secret, "@SECRET@" # weak: rails-rack-secret-written

  get "/up" do
    session[:seen] = true
    "up"
  end
end
