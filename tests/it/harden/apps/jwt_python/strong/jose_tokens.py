from datetime import datetime, timedelta, timezone

from jose import JWTError, jwt

from settings import settings


def issue(user: str) -> str:
    expires = datetime.now(timezone.utc) + timedelta(minutes=15)
    return jwt.encode({"sub": user, "exp": expires}, settings.key, algorithm="HS256")


def user_of(token: str) -> str | None:
    try:
        claims = jwt.decode(token, settings.key, algorithms=["HS256"])
    except JWTError:
        return None
    return claims.get("sub")
