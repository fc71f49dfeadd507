"""What a spreadsheet would do with a cell."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # it would run what begins so


def harmless(cell: object) -> object:
    """Return a cell that a spreadsheet cannot take for a formula: as it is, or behind an apostrophe."""
    return f"'{cell}" if str(cell).startswith(_FORMULA) else cell
