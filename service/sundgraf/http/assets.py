"""The files that pages bring along: their addresses hold a mark of what is in them, so that browsers keep them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Serves the files: for a year under the address that pages use, else to be asked for again each time."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)
        self._marks: dict[str, tuple[int, str]] = {}

    def address(self, name: str) -> str:
        """Return the address of a file, with its mark."""
        return f"/static/{name}?v={self._mark(FOLDER / name)}"

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the file, saying how long it may be kept."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
        answer.headers["Cache-Control"] = _FOR_EVER if asked and asked == self._mark(Path(full_path)) else "no-cache"
        return answer

    def _mark(self, path: Path) -> str:
        """Return a hash of a file's content, "" where it is not there; read again when it changed."""
        try:
            stamp = path.stat().st_mtime_ns
        except OSError:
            return ""
        kept = self._marks.get(str(path))
        if kept is None or kept[0] != stamp:
            kept = stamp, hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()
            self._marks[str(path)] = kept
        return kept[1]
