"""Django with sessions on the server: django_app.py good|bad PORT [KEY CERTIFICATE]"""

import secrets
import sys

import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache

how, port, *tls = sys.argv[1:]
good = {
    "SESSION_COOKIE_NAME": "__Host-sessionid",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_AGE": 3600,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
}
bad = {"SESSION_COOKIE_HTTPONLY": False, "SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_AGE": 31_536_000}
settings.configure(
    SECRET_KEY=secrets.token_urlsafe(50),
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    **(good if how == "good" else bad),
)


def start(request):
    request.session["seen"] = True
    return HttpResponse("hello")


urlpatterns = [path("", never_cache(start) if how == "good" else start)]
files = {"ssl_keyfile": tls[0], "ssl_certfile": tls[1]} if tls else {}
uvicorn.run(get_asgi_application(), host="127.0.0.1", port=int(port), lifespan="off", log_level="warning", **files)
