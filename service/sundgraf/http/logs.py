"""The service's log: one JSON object a line on standard error.

A line never has a query's text or a reader's address unless the settings ask for them, and never a header, a token or a
body. JSON escapes line breaks and control characters, so that nothing a stranger sends can look like a line of its own.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any

from sundgraf.settings import Settings

_MOST_CHARACTERS = 2000


def say(event: str, level: str = "info", **members: Any) -> None:
    """Write an event of the service itself."""
    _write({"time": _utc(), "level": level, "event": event, "process": os.getpid(), **members})


def configure() -> None:
    """Send what the server and the libraries log the same way, tracebacks in one field."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JSONLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
        logger.setLevel(logging.WARNING)


class RequestLog:
    """One line a request: method, path, status, time and size."""

    def __init__(self, settings: Settings) -> None:
        self._queries = settings.log_queries
        self._addresses = settings.log_addresses

    def write(self, method: str, url: bytes, status: int, seconds: float, size: int, address: str) -> None:
        """Write the line of a request; `url` is path and query as they were sent."""
        path, _, query = url.partition(b"?")
        said: dict[str, Any] = {
            "time": _utc(), "level": "info", "event": "request", "process": os.getpid(), "method": method[:20],
            "path": _shown(path), "status": status, "milliseconds": round(seconds * 1000, 3), "bytes": size,
        }  # fmt: skip
        if self._queries and query:
            said["query"] = _shown(query)
        if self._addresses and address:
            said["address"] = address
        _write(said)


def request_log(settings: Settings) -> RequestLog | None:
    """Return where requests are logged, None where the settings do not ask for that."""
    return RequestLog(settings) if settings.log == "requests" else None


class _JSONLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "event": "log", "process": record.process, "logger": record.name,
            "message": record.getMessage()[:_MOST_CHARACTERS],
        }  # fmt: skip
        if record.exc_info and record.exc_info[0] is not None:
            said["error"] = record.exc_info[0].__name__
            said["traceback"] = self.formatException(record.exc_info)[-4 * _MOST_CHARACTERS :]
        return json.dumps(said, ensure_ascii=True)


def _utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _shown(part: bytes) -> str:
    return part[:_MOST_CHARACTERS].decode("ascii", "backslashreplace")


def _write(said: dict[str, Any]) -> None:
    sys.stderr.write(json.dumps(said, ensure_ascii=True) + "\n")
    sys.stderr.flush()
