from .base import *  # noqa: F403

DEBUG = True
SECRET_KEY = 'for this machine alone'
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
EMAIL_BACKEND = 'django.core.mail.backends.console.EmailBackend'
