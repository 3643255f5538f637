require_relative "boot"

require "rails/all"

Bundler.require(*Rails.groups)

module Shop
  class Application < Rails::Application
    config.load_defaults 8.0

    config.autoload_lib(ignore: %w[assets tasks])

    config.secret_key_base = "@SECRET@" # weak: rails-secret-written
    config.session_store :cookie_store, key: "_shop", httponly: false # weak: rails-session-not-httponly

    config.time_zone = "UTC"
    config.generators.system_tests = nil
  end
end
