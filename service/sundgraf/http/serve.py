"""The keeper: the process that starts the others, watches them, and rolls them to each new publication.

It runs no query, opens no store and starts no thread, so that it may fork at any time: a nursery for each published
state, and the web processes, each with a listening socket of its own.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

from sundgraf.application.load import ensure_published
from sundgraf.bundle import Bundle
from sundgraf.domain.errors import BadInput, StoreUnusable, SundgrafError
from sundgraf.settings import Settings
from sundgraf.store import generations, nursery

_POLL_SECONDS = 0.25
_START_ON_DISK = 300_000  # quads; a larger graph is served from disk until its copy in memory is ready
_STOP_SECONDS = 10.0
_BACKLOG = 2048


def run(settings: Settings, bundle: Bundle, host: str, port: int) -> None:
    """Serve until a signal says to stop. Raises BadInput for an address that cannot be used, or StoreUnusable."""
    listeners = _listen(host, port, settings.web_processes)
    keeper = _Keeper(settings, bundle, listeners)
    try:
        if not settings.store:
            _in_a_child(lambda: ensure_published(settings.state, bundle.root))
            keeper.start_nursery()
        for place in range(settings.web_processes):
            keeper.start_web(place)
        shown = f"[{host}]" if ":" in host else host
        print(f"sundgraf is at http://{shown}:{listeners[0].getsockname()[1]}/", flush=True)  # noqa: T201  what `make run` ends with
        keeper.watch()
    finally:
        keeper.stop()


class _Keeper:
    def __init__(self, settings: Settings, bundle: Bundle, listeners: list[socket.socket]) -> None:
        self._settings = settings
        self._bundle = bundle
        self._listeners = listeners
        self._folder = Path(tempfile.mkdtemp(prefix="sundgraf-"))
        self._announcement = self._folder / "published.json"
        self._nursery: nursery.Nursery | None = None
        self._webs: dict[int, tuple[int, float]] = {}  # process -> its place and when it was started
        self._number = 0
        self._sockets = 0
        self._on_disk = False
        self._stopping = False

    def start_nursery(self, *, may_start_on_disk: bool = True) -> None:
        generation = generations.current(self._settings.state)
        if generation is None:
            raise StoreUnusable(f"Nothing is published in {str(self._settings.state)!r}; run `sundgraf load`.")
        fits = generation.quads <= self._settings.memory_quads
        self._on_disk = fits and may_start_on_disk and generation.quads > _START_ON_DISK
        self._sockets += 1
        started = nursery.start(
            generation.store,
            generation.publication,
            self._folder / f"{self._sockets}.sock",
            in_memory=fits and not self._on_disk,
            memory=self._settings.worker_memory,
        )
        before, self._nursery, self._number = self._nursery, started, generation.number
        said = {"socket": str(started.socket_path), "number": generation.number, "time": generation.time,
                "quads": generation.quads}  # fmt: skip
        draft = self._folder / "published.new"
        draft.write_text(json.dumps(said), "utf-8")
        draft.replace(self._announcement)
        if before is not None:
            before.retire()

    def start_web(self, place: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                nursery.die_with_parent(parent)
                if self._nursery is not None:
                    self._nursery.lifeline.close()
                _run_web(
                    self._settings,
                    self._bundle,
                    self._listeners[place],
                    None if self._settings.store else self._announcement,
                )
                code = 0
            finally:
                os._exit(code)
        self._webs[pid] = (place, time.monotonic())

    def watch(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_soon)
        while not self._stopping:
            time.sleep(_POLL_SECONDS)
            self._reap()
            if self._settings.store or self._stopping:
                continue
            try:
                if self._on_disk:
                    self.start_nursery(may_start_on_disk=False)
                else:
                    published = generations.current(self._settings.state)
                    if self._nursery is None or (published is not None and published.number != self._number):
                        self.start_nursery()
            except (SundgrafError, RuntimeError, OSError) as error:
                print(f"sundgraf: the new publication cannot be served yet: {error}", file=sys.stderr, flush=True)  # noqa: T201
                time.sleep(1)

    def stop(self) -> None:
        for pid in self._webs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + _STOP_SECONDS
        while self._webs and time.monotonic() < end:
            self._reap()
            time.sleep(0.02)
        for pid in self._webs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._nursery is not None:
            self._nursery.retire()
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._nursery.pid, signal.SIGKILL)  # its workers die with it
        shutil.rmtree(self._folder, ignore_errors=True)

    def _stop_soon(self, *_: object) -> None:
        self._stopping = True

    def _reap(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            started = self._webs.pop(pid, None)
            if started is not None and not self._stopping:
                if time.monotonic() - started[1] < 1:
                    time.sleep(0.5)
                self.start_web(started[0])
            elif self._nursery is not None and pid == self._nursery.pid:
                self._nursery.lifeline.close()
                self._nursery = None


def _run_web(settings: Settings, bundle: Bundle, listener: socket.socket, announcement: Path | None) -> None:
    import uvicorn  # noqa: PLC0415  the keeper needs none of this

    from sundgraf.http.app import create_app  # noqa: PLC0415
    from sundgraf.http.express import ExpressProtocol  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    config = uvicorn.Config(
        create_app(settings, bundle, announcement),
        loop="uvloop",
        http=ExpressProtocol,
        proxy_headers=False,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        lifespan="on",
    )
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int, count: int) -> list[socket.socket]:
    """Return a listening socket for each web process.

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


def _in_a_child(task: object) -> None:
    """Publish in a process of its own: the engine starts threads there, and this one must go on forking."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 0
        try:
            os.close(read)
            task()  # type: ignore[operator]  # a callable without arguments
        except SundgrafError as error:
            os.write(write, str(error).encode())
            code = 2
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as said:
        message = said.read().decode("utf-8", "replace")
    _, status = os.waitpid(pid, 0)
    if status:
        raise StoreUnusable(message or "The graph could not be published; see above.")
