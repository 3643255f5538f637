# Be sure to restart your server when you modify this file.

Rails.application.config.session_store :redis_store,
  servers: [ENV.fetch("REDIS_URL")],
  key: "_shop_session",
  secure: Rails.env.production?,
  same_site: :lax,
  expire_after: 12.hours
