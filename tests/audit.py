"""Ask the OSV database whether a pinned dependency has a known vulnerability: one request for all of them.

Run by `make check`. Where the database cannot be reached it says so and passes; what it knew is kept for a day, so that
a day's checks ask once. SUNDGRAF_ADVISORIES names another address with the same interface.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-dev.lock")
ADDRESS = "https://api.osv.dev/v1/querybatch"
KEPT = ROOT / ".venv" / ".audited.json"
_SECONDS = 4.0  # until it counts as out of reach
_DAY = 86_400.0
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def main() -> int:
    """Print what is known of our pins; return 1 where something is."""
    pins = sorted({pin for lock in LOCKS for pin in _PIN.findall(lock.read_text("utf-8"))})
    mark = hashlib.sha256(repr(pins).encode()).hexdigest()
    found = kept(mark)
    if found is None:
        try:
            found = ask(pins)
        except (OSError, ValueError, KeyError) as error:
            print(f"Dependencies were not audited: no advisories could be had ({error}).")
            return 0
        if KEPT.parent.is_dir() and "SUNDGRAF_ADVISORIES" not in os.environ:
            KEPT.write_text(json.dumps({"mark": mark, "time": time.time(), "found": found}), "utf-8")
    for name, version, ids in found:
        print(f"{name} {version}: {', '.join(ids)}; raise it in pyproject.toml, then `make lock`.")
    if not found:
        print(f"No known vulnerability in {len(pins)} dependencies.")
    return 1 if found else 0


def ask(pins: list[tuple[str, str]]) -> list[list[object]]:
    """Return (name, version, advisories) of the pins that something is known of. Raises OSError or ValueError."""
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in pins]
    request = urllib.request.Request(
        os.environ.get("SUNDGRAF_ADVISORIES", ADDRESS),
        json.dumps({"queries": queries}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        results = json.load(answer)["results"]
    if len(results) != len(pins):
        raise ValueError("the answer has another length than what was asked")
    told = ([vulnerability["id"] for vulnerability in result.get("vulns", [])] for result in results)
    return [[name, version, ids] for (name, version), ids in zip(pins, told, strict=True) if ids]


def kept(mark: str) -> list[list[object]] | None:
    """Return what was found for these pins within a day, None for nothing."""
    try:
        held = json.loads(KEPT.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    fresh = (
        held.get("mark") == mark
        and time.time() - held.get("time", 0) < _DAY
        and not os.environ.get("SUNDGRAF_ADVISORIES")
    )
    return held["found"] if fresh else None


if __name__ == "__main__":
    sys.exit(main())
