"""Fixtures and options that every test may use."""

from __future__ import annotations

import pytest
from httpx import _config

from browser import chromium as chromium
from browser import web as web
from server import fill as fill
from server import server as server

# A first request makes what is kept for each publication, which on a busy machine takes longer than httpx's 5 seconds.
_config.DEFAULT_TIMEOUT_CONFIG.read = 60.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write the golden answers anew; read the diff")
