import os

from flask import Flask

from shop.auth import bp


class ProductionConfig:
    SECRET_KEY = os.environ['SECRET_KEY']
    SESSION_COOKIE_NAME = 'shop'


def create_app():
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_object(ProductionConfig)
    app.config.update(
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE='Lax',
        PERMANENT_SESSION_LIFETIME=600,
    )
    app.config.from_prefixed_env()
    app.register_blueprint(bp)
    return app
