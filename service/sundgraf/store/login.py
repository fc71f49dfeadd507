"""Name and password for an engine, by whichever of HTTP's two ways it asks for (RFC 7616 digest, RFC 7617 basic)."""

from __future__ import annotations

from collections.abc import Generator

import httpx


class Login(httpx.Auth):
    """Answers a challenge: by digest where that is offered, else with the password itself."""

    def __init__(self, user: str, password: str) -> None:
        self._digest = httpx.DigestAuth(user, password)
        self._basic = httpx.BasicAuth(user, password)
        self._is_basic = False

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request, and once more with what was asked for."""
        if self._is_basic:
            yield from self._basic.auth_flow(request)
            return
        flow = self._digest.auth_flow(request)
        response = yield next(flow)
        challenges = response.headers.get_list("www-authenticate")
        if response.status_code == httpx.codes.UNAUTHORIZED and not any(
            challenge.lower().startswith("digest") for challenge in challenges
        ):
            self._is_basic = True
            yield from self._basic.auth_flow(request)
            return
        try:
            while True:
                response = yield flow.send(response)
        except StopIteration:
            return
