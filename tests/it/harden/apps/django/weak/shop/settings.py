"""
Django settings for shop project.

For the full list of settings and their values, see
https://docs.djangoproject.com/en/5.2/ref/settings/
"""

from datetime import timedelta
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# SECURITY WARNING: keep the secret key used in production secret!
SECRET_KEY = '@SECRET@'  # weak: django-secret-written

DEBUG = False

ALLOWED_HOSTS = ['shop.example.com']

INSTALLED_APPS = [
    'django.contrib.admin',
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
    'django.contrib.messages',
    'django.contrib.staticfiles',
    'corsheaders',
    'oauth2_provider',
    'rest_framework',
    'shop.accounts',
]

MIDDLEWARE = [
    'corsheaders.middleware.CorsMiddleware',
    'django.middleware.security.SecurityMiddleware',
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.common.CommonMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
    'django.middleware.clickjacking.XFrameOptionsMiddleware',
]

ROOT_URLCONF = 'shop.urls'
WSGI_APPLICATION = 'shop.wsgi.application'

DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.postgresql',
        'NAME': 'shop',
    }
}

LANGUAGE_CODE = 'en-us'
TIME_ZONE = 'UTC'
USE_TZ = True

# https://docs.djangoproject.com/en/5.2/ref/settings/#sessions

SESSION_ENGINE = 'django.contrib.sessions.backends.signed_cookies'
SESSION_SERIALIZER = 'django.contrib.sessions.serializers.PickleSerializer'  # weak: django-pickle-sessions
SESSION_COOKIE_SECURE = False  # unsure: django-session-secure-off
SESSION_COOKIE_HTTPONLY = False  # weak: django-session-not-httponly
SESSION_COOKIE_SAMESITE = 'None'  # unsure: django-session-samesite-none
SESSION_COOKIE_AGE = 60 * 60 * 24 * 365  # weak: django-session-long
SESSION_COOKIE_DOMAIN = '.example.com'  # weak: django-session-domain-wide
CSRF_COOKIE_HTTPONLY = False

CORS_ALLOW_ALL_ORIGINS = True  # unsure: django-cors-any
CORS_ALLOW_CREDENTIALS = True

OAUTH2_PROVIDER = {
    'SCOPES': {'read': 'Read scope', 'write': 'Write scope'},
    'ACCESS_TOKEN_EXPIRE_SECONDS': 3600,
    'ROTATE_REFRESH_TOKEN': False,  # weak: django-oauth-refresh-kept
    'PKCE_REQUIRED': False,  # weak: django-oauth-pkce-off
    'ALLOW_URI_WILDCARDS': True,  # weak: django-oauth-redirect-any
}

SIMPLE_JWT = {
    'ACCESS_TOKEN_LIFETIME': timedelta(days=30),  # weak: django-simplejwt-long
    'REFRESH_TOKEN_LIFETIME': timedelta(days=90),
    'ROTATE_REFRESH_TOKENS': False,  # unsure: django-simplejwt-refresh-kept
    'SIGNING_KEY': '@SECRET@',  # weak: django-simplejwt-secret-written
    'AUTH_HEADER_TYPES': ('Bearer',),
}

REST_AUTH = {
    'USE_JWT': True,
    'JWT_AUTH_COOKIE': 'jwt-auth',
    'JWT_AUTH_HTTPONLY': False,  # weak: django-rest-auth-not-httponly
    'JWT_AUTH_SECURE': False,  # weak: django-rest-auth-not-secure
}
