"""Fixtures and options that every test may use."""

from __future__ import annotations

import pytest

from browser import chromium as chromium
from browser import web as web
from server import server as server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write the golden answers anew; read the diff")
