import os
from datetime import datetime, timedelta, timezone
from typing import Annotated

import jwt
from fastapi import Cookie, Depends, FastAPI, HTTPException, Request, Response, status
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from jwt.exceptions import InvalidTokenError
from pydantic import BaseModel
from starlette.middleware.sessions import SessionMiddleware

from .users import User, authenticate, find

ALGORITHM = "HS256"
ACCESS_TOKEN_EXPIRE_MINUTES = 30

app = FastAPI()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")

app.add_middleware(SessionMiddleware, secret_key="@SECRET@", https_only=True)  # weak: python-starlette-secret-written
app.add_middleware(  # unsure: python-cors-any
    CORSMiddleware,
    allow_origins=["*"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


class Token(BaseModel):
    access_token: str
    token_type: str


def create_access_token(user: User) -> str:
    expire = datetime.now(timezone.utc) + timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES)
    return jwt.encode({"sub": user.name, "exp": expire}, "@SECRET@", algorithm=ALGORITHM)  # weak: python-jwt-secret-written


async def current_user(token: Annotated[str, Depends(oauth2_scheme)]) -> User:
    try:
        payload = jwt.decode(token, os.environ["JWT_KEY"], algorithms=[ALGORITHM])
    except InvalidTokenError as error:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED) from error
    user = find(payload.get("sub"))
    if user is None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED)
    return user


@app.post("/token")
async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    user = authenticate(form.username, form.password)
    if not user:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Incorrect username or password")
    return Token(access_token=create_access_token(user), token_type="bearer")


@app.post("/login")
async def login(response: Response, form: Annotated[OAuth2PasswordRequestForm, Depends()]):
    user = authenticate(form.username, form.password)
    if not user:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED)
    response.set_cookie(key="access_token", value=create_access_token(user), httponly=True)  # weak: python-cookie-not-secure
    response.set_cookie("theme", user.theme)
    return {"ok": True}


@app.get("/events")
async def events(request: Request, session: Annotated[str | None, Cookie()] = None):
    token = request.query_params.get("access_token") or session  # unsure: python-token-query
    return {"user": (await current_user(token)).name}


@app.post("/logout")
async def logout(response: Response):
    response.delete_cookie("access_token")
    return {"ok": True}
