import os
import ssl
from datetime import datetime, timedelta, timezone

import aiohttp
import httpx
import jwt
from jwt import PyJWKClient

KEY = os.environ["JWT_KEY"]
MAIL_KEY = "@SECRET@"
ALGORITHM = "HS256"
jwks = PyJWKClient("https://id.example.com/jwks")


def issue(user: str) -> str:
    now = datetime.now(timezone.utc)
    payload = {"sub": user, "aud": "api", "iat": now, "exp": now + timedelta(minutes=15)}
    return jwt.encode(payload, "@SECRET@", algorithm="HS256")  # weak: python-jwt-secret-written


def issue_for_mail(user: str) -> str:
    to_encode = {"sub": user}
    to_encode["exp"] = datetime.now(timezone.utc) + timedelta(days=30)  # weak: python-jwt-long
    return jwt.encode(to_encode, MAIL_KEY, algorithm=ALGORITHM)  # weak: python-jwt-secret-written


def issue_for_tests(user: str) -> str:
    return jwt.encode({"sub": user, "exp": 0}, None, algorithm="none")  # weak: python-jwt-none


def peek(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})  # unsure: python-jwt-unverified


def read(token: str) -> dict:
    key = jwks.get_signing_key_from_jwt(token)
    return jwt.decode(
        token,
        key.key,
        algorithms=["RS256"],
        options={
            "verify_exp": False,  # weak: python-jwt-expiry-unchecked
            "verify_aud": False,  # unsure: python-jwt-audience-unchecked
        },
    )


def read_old(token: str) -> dict:
    return jwt.decode(token, KEY, verify=False)  # unsure: python-jwt-verify-off


def introspect(token: str) -> dict:
    ssl._create_default_https_context = ssl._create_unverified_context  # unsure: python-tls-context-unverified
    return httpx.post("https://id.example.com/introspect", data={"token": token}, verify=False).json()  # weak: python-tls-unverified


async def profile(token: str) -> dict:
    connector = aiohttp.TCPConnector(ssl=False)  # unsure: python-aiohttp-tls-unverified
    async with aiohttp.ClientSession(connector=connector) as session:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get("https://id.example.com/userinfo", headers=headers) as answer:
            return await answer.json()
