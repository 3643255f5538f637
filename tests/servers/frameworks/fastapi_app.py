"""FastAPI with Starlette's signed sessions, or with ids made by hand: fastapi_app.py good|bad PORT [KEY CERTIFICATE]"""

import itertools
import secrets
import sys
import uuid

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware.sessions import SessionMiddleware

how, port, *tls = sys.argv[1:]
app = FastAPI()
numbers = itertools.count(100_001)


@app.get("/")
def start(request: Request, response: Response):
    if how == "good":
        request.session["seen"] = True
        response.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains; preload"
        response.headers["Cache-Control"] = "no-store"
    else:
        # Takes whatever id it is offered, and counts where there is none.
        response.set_cookie("sid", request.cookies.get("sid") or str(next(numbers)), max_age=3600)
        response.set_cookie("auth_token", str(uuid.uuid1()), httponly=True, samesite="strict")
        response.set_cookie("theme", "dark")
    return "hello"


if how == "good":
    app.add_middleware(
        SessionMiddleware,
        secret_key=secrets.token_urlsafe(32),
        session_cookie="__Host-session",
        max_age=3600,
        same_site="lax",
        https_only=True,
    )
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.org"], allow_credentials=True)
else:
    app.add_middleware(CORSMiddleware, allow_origins=["null"], allow_credentials=True)
files = {"ssl_keyfile": tls[0], "ssl_certfile": tls[1]} if tls else {}
uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", **files)
