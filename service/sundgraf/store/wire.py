"""How a query worker and the web process talk: frames over a socket.

A frame is a 4-byte length (of what follows), one byte that says its kind, and the payload:

    Q  a request (JSON)                     web -> worker
    H  hello: pid and publication (JSON)    worker -> web, once
    W  a whole answer: how it ended (JSON, with a 2-byte length before it), then the body
    B  a piece of the body
    E  the end of the body (JSON)
    X  an error instead of an answer, or after pieces of it (JSON)
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

HEAD = struct.Struct("!Ic")
_SHORT = struct.Struct("!H")
RECEIVE_BYTES = 1 << 18


def frame(kind: bytes, payload: bytes) -> bytes:
    """Return one frame."""
    return HEAD.pack(len(payload) + 1, kind) + payload


def frame_json(kind: bytes, value: object) -> bytes:
    """Return one frame that carries JSON."""
    return frame(kind, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def frame_whole(ending: dict[str, Any], body: bytes) -> bytes:
    """Return the frame of a whole answer."""
    head = json.dumps(ending, separators=(",", ":")).encode()
    return frame(b"W", _SHORT.pack(len(head)) + head + body)


def open_whole(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Return how a whole answer ended, and its body."""
    (length,) = _SHORT.unpack_from(payload)
    return json.loads(payload[2 : 2 + length]), payload[2 + length :]


class FrameReader:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> list[tuple[bytes, bytes]]:
        """Return the (kind, payload) pairs that `piece` completes."""
        buffer = self._buffer
        buffer += piece
        frames = []
        start = 0
        while len(buffer) - start >= HEAD.size:
            length, kind = HEAD.unpack_from(buffer, start)
            end = start + 4 + length
            if len(buffer) < end:
                break
            frames.append((kind, bytes(buffer[start + HEAD.size : end])))
            start = end
        if start:
            del buffer[:start]
        return frames


def receive(connection: socket.socket, reader: FrameReader) -> tuple[bytes, bytes] | None:
    """Wait for one frame; None when the other side is gone. For a side that gets one frame at a time."""
    while True:
        piece = connection.recv(RECEIVE_BYTES)
        if not piece:
            return None
        frames = reader.feed(piece)
        if frames:
            return frames[0]
