import os

from flask import Flask

from shop.auth import bp


class ProductionConfig:
    SECRET_KEY = os.environ.get('SECRET_KEY', '@SECRET@')  # unsure: python-secret-fallback
    SESSION_COOKIE_NAME = 'shop'


def create_app():
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_object(ProductionConfig)
    app.config.update(  # weak: python-flask-update-not-secure
        SESSION_COOKIE_SECURE=False,
        SESSION_COOKIE_SAMESITE='Lax',
        PERMANENT_SESSION_LIFETIME=600,
    )
    app.config.from_prefixed_env()
    app.register_blueprint(bp)
    return app
