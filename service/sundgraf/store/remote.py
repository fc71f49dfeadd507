"""Any SPARQL 1.1 engine over HTTP: queries, updates and whole graphs go to its addresses."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx

from sundgraf.domain.errors import Busy, MalformedQuery, OutOfTime, StoreError
from sundgraf.domain.media import GRAPHS, SOLUTIONS, named
from sundgraf.domain.sparql import read
from sundgraf.store.base import Publication, QueryRequest

_FIRST_PIECE = 1 << 16


class RemoteStore:
    """An engine at a query URL, and where they are given an update URL and a Graph Store URL."""

    def __init__(
        self, query_url: str, update_url: str = "", graphs_url: str = "", user: str = "", password: str = ""
    ) -> None:
        self._query_url = query_url
        self._update_url = update_url
        self._graphs_url = graphs_url
        auth = httpx.DigestAuth(user, password) if user else None
        self._client = httpx.AsyncClient(auth=auth, timeout=httpx.Timeout(30.0, connect=5.0), follow_redirects=False)
        self._publication = Publication(1, datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"))

    def publication(self) -> Publication:
        """Return a publication that begins when this store was opened: what the engine holds is not ours to number."""
        return self._publication

    async def answer(self, request: QueryRequest) -> RemoteAnswer:
        """Send the query to the engine. Raises MalformedQuery, Busy, OutOfTime or StoreError."""
        form = read(request.text).form
        format = named(request.format, SOLUTIONS if form in ("SELECT", "ASK") else GRAPHS)
        fields: list[tuple[str, str | int | float | bool | None]] = [("query", request.text)]
        fields += [("default-graph-uri", iri) for iri in request.default_graphs]
        fields += [("named-graph-uri", iri) for iri in request.named_graphs]
        sent = self._client.build_request(
            "POST",
            self._query_url,
            content=str(httpx.QueryParams(fields)).encode(),
            headers={"Accept": format.media_type, "Content-Type": "application/x-www-form-urlencoded"},
            timeout=request.deadline or None,
        )
        try:
            response = await self._client.send(sent, stream=True)
            if response.status_code != httpx.codes.OK:
                detail = (await response.aread())[:2000].decode("utf-8", "replace").strip()
                raise _refusal(response.status_code, detail)
            return RemoteAnswer(response)
        except httpx.TimeoutException as error:
            raise OutOfTime(f"The engine did not answer within {request.deadline:g} seconds.") from error
        except httpx.HTTPError as error:
            raise StoreError(f"The engine at {self._query_url} cannot be reached: {error}") from error

    async def update(self, text: str) -> None:
        """Run an update. Raises MalformedQuery or StoreError."""
        await self._write("POST", self._update_url, {"Content-Type": "application/sparql-update"}, text.encode())

    async def put_graph(self, iri: str, body: bytes, media_type: str) -> None:
        """Replace a named graph (Graph Store Protocol 5.3). Raises StoreError."""
        url = str(httpx.URL(self._graphs_url, params={"graph": iri} if iri else {"default": ""}))
        await self._write("PUT", url, {"Content-Type": media_type}, body)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _write(self, method: str, url: str, headers: dict[str, str], body: bytes) -> None:
        if not url:
            raise StoreError("No address to write to is set; set SUNDGRAF_STORE_UPDATE and SUNDGRAF_STORE_GRAPHS.")
        try:
            response = await self._client.request(method, url, headers=headers, content=body)
        except httpx.HTTPError as error:
            raise StoreError(f"The engine at {url} cannot be reached: {error}") from error
        if response.is_error:
            raise _refusal(response.status_code, response.text[:2000].strip())


class RemoteAnswer:
    """An answer as the engine sends it."""

    whole = False
    truncated = ""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body. Raises StoreError when the engine breaks off."""
        try:
            async for piece in self._response.aiter_bytes(_FIRST_PIECE):
                yield piece
        except httpx.HTTPError as error:
            raise StoreError(f"The engine broke off: {error}") from error

    async def close(self) -> None:
        """Hang up, which stops the query in engines that watch for it."""
        await self._response.aclose()


def _refusal(status: int, detail: str) -> Exception:
    detail = " ".join(detail.split())[:400]
    if status == httpx.codes.BAD_REQUEST:
        position = re.search(r"(?:line|at) (\d+)(?:[:,]? ?(?:column )?(\d+))?", detail)
        line, column = (int(position[1]), int(position[2] or 0) or None) if position else (None, None)
        return MalformedQuery(detail, line, column)
    if status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        return Busy(f"The engine is busy: {detail}")
    if status in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.GATEWAY_TIMEOUT):
        return OutOfTime(f"The engine stopped the query: {detail}")
    return StoreError(f"The engine answered {status}: {detail}")
