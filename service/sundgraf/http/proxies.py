"""Who asks, where proxies stand in front: what those that are trusted say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from sundgraf.http.metered import Metered

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class BehindProxies:
    """The application with the reader's address and scheme as trusted proxies tell them.

    X-Forwarded-For is read from its end, past every trusted address, so that what a reader puts into it counts for
    nothing. Answers that lie ready are the same for everybody and go by it.
    """

    def __init__(self, app: Metered, trusted: str) -> None:
        self.at_once = app.at_once
        self.soon = app.soon
        self._app = ProxyHeadersMiddleware(cast("Any", app), trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        await self._app(cast("Any", scope), cast("Any", receive), cast("Any", send))
