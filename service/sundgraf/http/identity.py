"""Who asks: a bearer token, or the same token in a cookie that only forms of our own pages can use."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from starlette.requests import Request

from sundgraf.domain.errors import NotSignedIn, Refused
from sundgraf.store.tokens import Token, find_token

COOKIE = "sundgraf-token"
_NEEDED = {"submitter": "submitting", "reviewer": "reviewing", "admin": "administering"}


def identify(request: Request, state: Path) -> Token | None:
    """Return whose request it is, None for a visitor. Raises NotSignedIn for a token that does not hold."""
    secret = secret_of(request)
    return find_token(state, secret) if secret else None


def require(request: Request, state: Path, role: str) -> Token:
    """Return whose request it is. Raises NotSignedIn, or Refused where the token's role is not enough."""
    token = identify(request, state)
    if token is None:
        raise NotSignedIn("Send a token as `Authorization: Bearer ...`, or sign in at /sign-in.")
    if not token.may(role):
        raise Refused(f"This token is one for a {token.role}; {_NEEDED[role]} needs one for a {role}.")
    return token


def secret_of(request: Request) -> str:
    """Return the secret that came with a request, "" for none."""
    return _bearer(request) or request.cookies.get(COOKIE, "")


def by_cookie(request: Request) -> bool:
    """Say whether it is the cookie that tells whose request it is."""
    return not _bearer(request) and COOKIE in request.cookies


def form_key(request: Request) -> str:
    """Return what a form of ours carries, so that a page of somebody else's cannot send it; "" for visitors."""
    secret = request.cookies.get(COOKIE, "")
    return hashlib.sha256(f"form\0{secret}".encode()).hexdigest() if secret else ""


def check_form(request: Request, key: str) -> None:
    """Refuse a change that was asked for by cookie without the key of our own form. Raises Refused."""
    if by_cookie(request) and not hmac.compare_digest(key.encode(), form_key(request).encode()):
        raise Refused("This form is not one of ours or is too old; open the page again and send it from there.")


def _bearer(request: Request) -> str:
    """Return the token of the Authorization header, "" for none: another scheme leaves it to the cookie."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""
