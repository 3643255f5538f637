import os

import aiohttp_session
import tornado.ioloop
import tornado.web
from aiohttp import web
from aiohttp_session import SimpleCookieStorage, setup
from aiohttp_session.cookie_storage import EncryptedCookieStorage


class LoginHandler(tornado.web.RequestHandler):
    def post(self):
        user = self.application.users.check(self.get_argument("name"), self.get_argument("password"))
        if user is None:
            raise tornado.web.HTTPError(401)
        self.set_signed_cookie("session_id", user, httponly=True, samesite="Lax")  # weak: python-cookie-not-secure
        self.redirect("/")


def tornado_app():
    return tornado.web.Application(
        [(r"/login", LoginHandler)],
        cookie_secret="@SECRET@",  # weak: python-tornado-secret-written
        xsrf_cookies=True,
    )


def aiohttp_app():
    app = web.Application()
    setup(app, EncryptedCookieStorage(os.environ["KEY"], httponly=False))  # weak: python-aiohttp-session-not-secure, python-aiohttp-session-not-httponly
    return app


def monitor_app():
    app = web.Application()
    aiohttp_session.setup(app, SimpleCookieStorage())  # weak: python-aiohttp-session-unsigned
    return app


if __name__ == "__main__":
    tornado_app().listen(8888)
    tornado.ioloop.IOLoop.current().start()
