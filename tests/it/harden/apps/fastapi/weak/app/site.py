import os

from authlib.integrations.starlette_client import OAuth
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route

oauth = OAuth()
oauth.register(
    name="google",
    server_metadata_url="https://accounts.google.com/.well-known/openid-configuration",
    client_kwargs={"scope": "openid email profile"},
)


async def login(request):
    return await oauth.google.authorize_redirect(request, request.url_for("auth"))


async def auth(request):
    token = await oauth.google.authorize_access_token(request)
    request.session["user"] = token["userinfo"]
    response = RedirectResponse("/")
    response.set_cookie("session_token", token["access_token"], secure=True, httponly=False)  # weak: python-cookie-not-httponly
    return response


async def logout(request):
    request.session.clear()
    return RedirectResponse("/")


async def home(request):
    return PlainTextResponse(f"Hello {request.session.get('user', {}).get('name')}")


app = Starlette(
    routes=[Route("/", home), Route("/login", login), Route("/auth", auth), Route("/logout", logout)],
    middleware=[
        Middleware(  # weak: python-starlette-session-not-secure, python-starlette-session-long unsure: python-starlette-session-samesite-none
            SessionMiddleware,
            secret_key=os.environ["SESSION_KEY"],
            same_site="none",
            max_age=365 * 24 * 60 * 60,
        ),
    ],
)
