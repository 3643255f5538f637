require_relative "boot"

require "rails/all"

Bundler.require(*Rails.groups)

module Shop
  class Application < Rails::Application
    config.load_defaults 8.0

    config.autoload_lib(ignore: %w[assets tasks])

    config.session_store :cookie_store, key: "_shop"

    config.time_zone = "UTC"
    config.generators.system_tests = nil
  end
end
