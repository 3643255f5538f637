import os
import ssl
from datetime import datetime, timedelta, timezone

import aiohttp
import httpx
import jwt
from jwt import PyJWKClient

KEY = os.environ["JWT_KEY"]
MAIL_KEY = os.environ["MAIL_KEY"]
ALGORITHM = "HS256"
jwks = PyJWKClient("https://id.example.com/jwks")


def issue(user: str) -> str:
    now = datetime.now(timezone.utc)
    payload = {"sub": user, "aud": "api", "iat": now, "exp": now + timedelta(minutes=15)}
    return jwt.encode(payload, KEY, algorithm="HS256")


def issue_for_mail(user: str) -> str:
    to_encode = {"sub": user}
    to_encode["exp"] = datetime.now(timezone.utc) + timedelta(hours=1)
    return jwt.encode(to_encode, MAIL_KEY, algorithm=ALGORITHM)


def peek(token: str) -> dict:
    return jwt.get_unverified_header(token)


def read(token: str) -> dict:
    key = jwks.get_signing_key_from_jwt(token)
    return jwt.decode(
        token,
        key.key,
        algorithms=["RS256"],
        audience="api",
        options={"require": ["exp", "aud"]},
    )


def read_old(token: str) -> dict:
    return jwt.decode(token, KEY, algorithms=["HS256"], audience="api")


def introspect(token: str) -> dict:
    context = ssl.create_default_context(cafile="/etc/ssl/ca.pem")
    return httpx.post("https://id.example.com/introspect", data={"token": token}, verify=context).json()


async def profile(token: str) -> dict:
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
    async with aiohttp.ClientSession(connector=connector) as session:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get("https://id.example.com/userinfo", headers=headers) as answer:
            return await answer.json()
