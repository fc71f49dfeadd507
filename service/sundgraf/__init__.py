"""sundgraf: the open knowledge graph of AI in healthcare, and the service to run it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sundgraf.notebook import connect

__all__ = ["__version__", "connect"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load what notebooks use when it is used: the service starts without it."""
    if name == "connect":
        from sundgraf.notebook import connect  # noqa: PLC0415

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
