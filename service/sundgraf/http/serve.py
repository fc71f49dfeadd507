"""The keeper: the process that starts the others, watches them, and rolls them to each new publication.

It runs no query, opens no store and starts no thread, so that it may fork at any time: a nursery for each published
state, and the web processes, each with a listening socket of its own.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import math
import os
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path

from sundgraf.application.load import ensure_published, room_files
from sundgraf.bundle import Bundle
from sundgraf.console import current_settings, progress_bar
from sundgraf.domain.errors import StoreUnusable, SundgrafError
from sundgraf.http import logs
from sundgraf.http.listening import listen
from sundgraf.http.pushing import Pusher
from sundgraf.settings import Settings
from sundgraf.store import generations, nursery
from sundgraf.store.parent import die_with_parent

_POLL_SECONDS = 0.25
_START_ON_DISK = 300_000  # quads; a larger graph is served from disk until its copy in memory is ready
_START_SECONDS = 30.0
DRAINING = "draining"  # a mark in the keeper's folder: the service finishes and should get no more requests


def run(settings: Settings, bundle: Bundle, host: str, port: int) -> None:
    """Serve until a signal says to stop. Raises BadInput for an address that cannot be used, or StoreUnusable."""
    listeners = listen(host, port, settings.web_processes)
    keeper = _Keeper(settings, bundle, listeners)
    try:
        if not settings.store or settings.pushes:
            _in_a_child(lambda: _publish(settings.state, bundle.root))
        if not settings.store:
            keeper.start_nursery()
        _import_web()
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
        self._leaving: set[int] = set()  # processes that were replaced and finish what they have
        self._pusher = Pusher(settings) if settings.pushes else None
        self._number = 0
        self._sockets = 0
        self._on_disk = False
        self._stopping = False
        self._reload = False

    def start_nursery(self, *, may_start_on_disk: bool = True) -> None:
        generation = generations.current(self._settings.state)
        if generation is None:
            raise StoreUnusable(f"Nothing is published in {str(self._settings.state)!r}; run `sundgraf load`.")
        fits = generation.quads <= self._settings.memory_quads
        small = generation.quads <= _START_ON_DISK
        self._on_disk = fits and may_start_on_disk and not small
        columns = generation.columns if generation.quads >= self._settings.column_quads else None
        self._sockets += 1
        started = nursery.start(
            generation.store, generation.publication, self._folder / f"{self._sockets}.sock",
            in_memory=fits and not self._on_disk, memory=self._settings.worker_memory,
            may_call=bool(self._settings.service_allow), columns=columns,
            copy=self._settings.state / "copies" / generation.publication.kept_as if small else None,
        )  # fmt: skip
        _import_web()  # while it reads the graph
        if not started.wait(lambda: self._stopping):
            return
        before, self._nursery, self._number = self._nursery, started, generation.number
        said = {"socket": str(started.socket_path), "number": generation.number, "time": generation.time,
                "quads": generation.quads, "columns": str(columns or "")}  # fmt: skip
        draft = self._folder / "published.new"
        draft.write_text(json.dumps(said), "utf-8")
        draft.replace(self._announcement)
        logs.say("publication-served", publication=generation.number, quads=generation.quads)
        if before is not None:
            before.retire()

    def start_web(self, place: int) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                die_with_parent(parent)
                if self._nursery is not None:
                    self._nursery.lifeline.close()
                _run_web(
                    self._settings,
                    self._bundle,
                    self._listeners[place],
                    None if self._settings.store else self._announcement,
                    self._folder,
                    place,
                )
                code = 0
            finally:
                os._exit(code)
        self._webs[pid] = (place, time.monotonic())
        return pid

    def watch(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_soon)
        signal.signal(signal.SIGHUP, self._reload_soon)
        while not self._stopping:
            time.sleep(_POLL_SECONDS)
            self._reap()
            if self._reload:
                self._replace_webs()
            if self._stopping:
                continue
            try:
                if self._pusher is not None:
                    self._pusher.look()
                if self._settings.store:
                    continue
                if self._on_disk:
                    self.start_nursery(may_start_on_disk=False)
                else:
                    published = generations.current(self._settings.state)
                    if self._nursery is None or (published is not None and published.number != self._number):
                        self.start_nursery()
            except (SundgrafError, RuntimeError, OSError) as error:
                logs.say("publication-cannot-be-served", "error", detail=str(error))
                time.sleep(1)

    def stop(self) -> None:
        if self._stopping and self._settings.drain:
            (self._folder / DRAINING).touch()
            time.sleep(self._settings.drain)
        for pid in (*self._webs, *self._leaving):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + self._settings.stop_seconds + 1
        while (self._webs or self._leaving) and time.monotonic() < end:
            self._reap()
            time.sleep(0.02)
        for pid in (*self._webs, *self._leaving):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._nursery is not None:
            self._nursery.retire()
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._nursery.pid, signal.SIGKILL)  # its workers die with it
        shutil.rmtree(self._folder, ignore_errors=True)

    def _stop_soon(self, *_: object) -> None:
        self._stopping = True

    def _reload_soon(self, *_: object) -> None:
        self._reload = True

    def _replace_webs(self) -> None:
        """Publish what changed in the rooms, and replace the web processes one by one, while the others answer.

        A new one listens on the socket of the one that it replaces before that stops, so that no connection is lost.
        """
        self._reload = False
        logs.say("reload")
        try:
            self._settings = current_settings()
            if not self._settings.store or self._settings.pushes:
                _in_a_child(lambda: ensure_published(self._settings.state, self._bundle.root))
        except SundgrafError as error:
            logs.say("reload-failed", "error", detail=str(error))
            return
        for pid, (place, _) in list(self._webs.items()):
            self._webs.pop(pid)
            self._leaving.add(pid)
            new = self.start_web(place)
            end = time.monotonic() + _START_SECONDS
            while not (self._folder / f"up-{new}").exists() and time.monotonic() < end and new in self._webs:
                time.sleep(0.02)
                self._reap()
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._pusher is not None and self._pusher.ended(pid, status):
                continue
            self._leaving.discard(pid)
            started = self._webs.pop(pid, None)
            if started is not None and not self._stopping:
                logs.say("web-process-ended", "error", ended=pid, status=os.waitstatus_to_exitcode(status))
                if time.monotonic() - started[1] < 1:
                    time.sleep(0.5)
                self.start_web(started[0])
            elif self._nursery is not None and pid == self._nursery.pid:
                self._nursery.lifeline.close()
                self._nursery = None


@functools.cache
def _import_web() -> None:
    """Import what the web processes run, once for all of them: they start at once and share its memory."""
    import uvicorn  # noqa: F401, PLC0415  other commands need none of this

    from sundgraf.http import app, protocol  # noqa: F401, PLC0415

    gc.collect()
    gc.freeze()  # else the first search for rubbish in each web process would copy all of it


def _run_web(
    settings: Settings, bundle: Bundle, listener: socket.socket, announcement: Path | None, folder: Path, place: int
) -> None:
    import uvicorn  # noqa: PLC0415  imported already, see _import_web

    from sundgraf.http.app import create_app  # noqa: PLC0415
    from sundgraf.http.protocol import ExpressProtocol  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the keeper's to answer
    logs.configure()
    config = uvicorn.Config(
        create_app(settings, bundle, announcement, folder, place),
        loop="uvloop",
        http=ExpressProtocol,
        proxy_headers=False,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=math.ceil(settings.stop_seconds),
        log_config=None,
        lifespan="on",
    )
    uvicorn.Server(config).run(sockets=[listener])


def _publish(state: Path, root: Path) -> None:
    with progress_bar("Loading", len(room_files(root))) as progress:
        ensure_published(state, root, progress)


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
