"""Fixtures that every test may ask for."""

from server import server as server
