"""For those who run the service: is it up, is it ready, and what does it count?"""

from __future__ import annotations

import asyncio
import hmac
import shutil
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sundgraf.domain.errors import NotFound, NotSignedIn, SundgrafError
from sundgraf.domain.submission import WAITING
from sundgraf.http.context import Context
from sundgraf.http.metrics import Board
from sundgraf.http.serve import DRAINING
from sundgraf.settings import Settings
from sundgraf.store import generations
from sundgraf.store.base import QueryRequest
from sundgraf.store.inbox import Inbox

_PATIENCE = 3.0  # seconds that a probe waits for the store
_LEAST_FREE = 64 << 20  # bytes; with less, a publication or submission may not fit
_NO_STORE = {"Cache-Control": "no-store"}


def router(context: Context, board: Board, folder: Path) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["operations"])
    settings = context.settings

    @routes.get("/health", summary="Is the service up?")
    async def health() -> Response:
        publication = context.store.publication()
        said = {"status": "up", "publication": publication.number, "published": publication.time}
        return JSONResponse(said, headers=_NO_STORE)

    @routes.get("/ready", summary="May it be sent requests? 503 where not, with what is wrong")
    async def ready() -> Response:
        faults = {
            "store": await _fault_of_store(context),
            "inbox": await asyncio.to_thread(_fault_of_inbox, settings),
            "disk": _fault_of_disk(settings),
            "stopping": "The service is being stopped." if (folder / DRAINING).exists() else "",
        }
        well = not any(faults.values())
        checks = {name: fault or "well" for name, fault in faults.items()}
        headers = _NO_STORE if well else {**_NO_STORE, "Retry-After": "5"}
        return JSONResponse(
            {"status": "ready" if well else "not ready", "checks": checks}, 200 if well else 503, headers
        )

    @routes.get("/metrics", summary="Counters and gauges of all web processes, for Prometheus")
    async def metrics(request: Request) -> Response:
        if not settings.metrics:
            raise NotFound("Metrics are turned off here (SUNDGRAF_METRICS).")
        token = settings.metrics_token
        given = request.headers.get("authorization", "").encode()
        if token and not hmac.compare_digest(given, f"Bearer {token}".encode()):
            raise NotSignedIn("Metrics are for who has the token of SUNDGRAF_METRICS_TOKEN.")
        more = await asyncio.to_thread(_gauges, context)
        return PlainTextResponse(
            board.render(more), headers={**_NO_STORE, "Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    return routes


async def _fault_of_store(context: Context) -> str:
    try:
        answer = await asyncio.wait_for(
            context.store.answer(QueryRequest("ASK {}", "json", deadline=_PATIENCE, trusted=True)), _PATIENCE
        )
        await answer.close()
    except TimeoutError:
        return f"The store did not answer within {_PATIENCE:g} seconds."
    except SundgrafError as error:
        return str(error)
    return ""


def _fault_of_inbox(settings: Settings) -> str:
    if not (settings.state / "inbox.sqlite").exists():
        return ""
    try:
        Inbox(settings.state).counts()
    except SundgrafError as error:
        return str(error)
    return ""


def _fault_of_disk(settings: Settings) -> str:
    try:
        free = shutil.disk_usage(settings.state).free
    except OSError:
        return ""  # a remote engine needs no state here
    return "" if free >= _LEAST_FREE else f"The disk of the state directory has only {free >> 20} MiB left."


def _gauges(context: Context) -> list[tuple[str, float]]:
    """Return what is told once for the service, not by each web process."""
    state = context.settings.state
    served = context.store.publication()
    found: list[tuple[str, float]] = [("sundgraf_quads", served.quads)]
    entries = generations.log(state)
    if entries:
        numbers = [int(str(entry["number"])) for entry in entries]
        newest = max(numbers)
        since = min((_age(str(e["time"])) for e, n in zip(entries, numbers, strict=True) if n == newest), default=0.0)
        waiting = [_age(str(e["time"])) for e, n in zip(entries, numbers, strict=True) if n > served.number]
        found += [
            ("sundgraf_publication_newest", newest),
            ("sundgraf_publication_lag_seconds", max(waiting, default=0.0)),
            ("sundgraf_publication_age_seconds", since),
        ]
    if (state / "inbox.sqlite").exists():
        inbox = Inbox(state)
        found += [(f'sundgraf_inbox_submissions{{state="{name}"}}', n) for name, n in inbox.counts().items()]
        oldest = inbox.select(state=WAITING, limit=1)
        found.append(("sundgraf_inbox_oldest_waiting_seconds", _age(oldest[0].created) if oldest else 0.0))
    return found


def _age(time: str) -> float:
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds())
