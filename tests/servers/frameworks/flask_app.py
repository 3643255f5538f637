"""Flask with its own sessions, which are signed cookies: flask_app.py good|bad PORT [KEY CERTIFICATE]"""

import secrets
import sys

from flask import Flask, redirect, request, session

how, port, *tls = sys.argv[1:]
app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
if how == "good":
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=3600,
    )
else:
    app.config.update(SESSION_COOKIE_HTTPONLY=False)


@app.get("/")
def start():
    return redirect("/login")


@app.get("/login")
def login():
    session["seen"] = secrets.token_hex(8)
    session.permanent = how == "good"
    return "<form method=post><input name=user></form>"


@app.after_request
def headers(answer):
    origin = request.headers.get("Origin")
    if how == "good":
        answer.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        answer.headers["Cache-Control"] = "no-store"
    elif origin:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Credentials"] = "true"
    return answer


app.run("127.0.0.1", int(port), ssl_context=tuple(reversed(tls)) or None)
