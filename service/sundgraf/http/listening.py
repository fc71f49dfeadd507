"""The sockets that the web processes listen on."""

from __future__ import annotations

import errno
import socket
import sys

from sundgraf.domain.errors import BadInput

_BACKLOG = 2048


def listen(host: str, port: int, count: int) -> list[socket.socket]:
    """Return a listening socket for each web process. Raises BadInput for an address that cannot be used.

    On Linux each has its own, and the kernel spreads connections over them; with one socket for all, the process that
    wakes first took seven of eight (measured). Elsewhere they share one.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:  # would fail where the others, sharing the port, would not
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
        listeners: list[socket.socket] = []
        for _ in range(count if sys.platform == "linux" else 1):
            listener = socket.socket(family, kind, protocol)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if sys.platform == "linux":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind((address[0], listeners[0].getsockname()[1], *address[2:]) if listeners else address)
            listener.listen(_BACKLOG)
            listeners.append(listener)
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise BadInput(
                f"Port {port} on {host} is in use; stop what runs there or name another with --port."
            ) from error
        raise BadInput(f"{host}:{port} cannot be served ({error}).") from error
    return listeners if sys.platform == "linux" else listeners * count
