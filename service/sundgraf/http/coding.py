"""Content codings: which one a reader wants, and how a body is compressed piece by piece (RFC 9110 section 12.5.3)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
import zstandard


class Compressor(Protocol):
    """Compresses a body piece by piece."""

    def compress(self, piece: bytes, /) -> bytes:
        """Return what is ready."""
        ...

    def flush(self) -> bytes:
        """Return the end."""
        ...


class _Brotli:
    def __init__(self) -> None:
        self._compressor = brotli.Compressor(quality=4)

    def compress(self, piece: bytes) -> bytes:
        return bytes(self._compressor.process(piece))

    def flush(self) -> bytes:
        return bytes(self._compressor.finish())


CODINGS: dict[str, Callable[[], Compressor]] = {
    "zstd": lambda: zstandard.ZstdCompressor(level=3).compressobj(),
    "br": _Brotli,
    "gzip": lambda: zlib.compressobj(6, zlib.DEFLATED, 31),
}


def choose_coding(accept: str) -> str:
    """Return the content coding that the reader wants most and we know; "" for none."""
    weights: dict[str, float] = {}
    for part in accept.lower()[:500].split(","):
        name, _, parameter = part.partition(";")
        quality = parameter.strip().removeprefix("q=")
        try:
            weights[name.strip()] = float(quality) if quality else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    best, chosen = 0.0, ""
    for coding in CODINGS:
        weight = weights.get(coding, weights.get("*", 0.0))
        if weight > best:
            best, chosen = weight, coding
    return chosen if best >= weights.get("identity", 0.0) else ""
