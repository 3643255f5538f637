"""Read by `app.config.from_pyfile('config.py')`."""

import os

SQLALCHEMY_DATABASE_URI = os.environ['DATABASE_URL']

SECRET_KEY = '@SECRET@'  # weak: python-flask-config-secret-written
SESSION_COOKIE_SECURE = False  # unsure: python-flask-config-not-secure
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = 'Lax'
PERMANENT_SESSION_LIFETIME = 60 * 60 * 24 * 90  # weak: python-flask-session-long
