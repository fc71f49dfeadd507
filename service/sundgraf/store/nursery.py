"""A process that holds one published generation and forks query workers from it.

Whoever connects to its socket gets a worker on that very connection. With the graph in memory the workers share its
pages; a graph too large for that is opened by each worker, read-only, from its directory. The nursery runs no query
and starts no thread, so that forking is safe at any time.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from sundgraf.store import worker
from sundgraf.store.base import Publication
from sundgraf.store.in_memory import in_a_child, load_in_memory
from sundgraf.store.parent import die_with_parent
from sundgraf.store.turns import take_short_turns

if TYPE_CHECKING:
    from sundgraf.store.columns_answers import ColumnAnswers

_BACKLOG = 128
_LOOK_SECONDS = 0.25  # between two looks whether it is still needed


@dataclass(frozen=True, slots=True)
class Nursery:
    """A running nursery: its process and the path of its socket. It ends when `lifeline` is closed."""

    pid: int
    socket_path: Path
    lifeline: socket.socket

    def wait(self, stopping: Callable[[], bool] = lambda: False) -> bool:
        """Return True once it takes connections, False where `stopping` says first that nobody needs it any more.

        Raises RuntimeError when the store cannot be opened.
        """
        while not select.select([self.lifeline], [], [], _LOOK_SECONDS)[0]:
            if stopping():
                self.lifeline.close()
                os.kill(self.pid, signal.SIGKILL)
                return False
        said = self.lifeline.recv(4096)
        if said != b"ready":
            self.lifeline.close()
            os.waitpid(self.pid, 0)
            raise RuntimeError(said.decode("utf-8", "replace").lstrip("!") or "the nursery ended at once")
        return True

    def retire(self) -> None:
        """Let it go: it takes no new connections and ends when its last worker has."""
        with contextlib.suppress(OSError):
            self.lifeline.sendall(b"retire")  # said in so many words: a later fork may still hold a copy of the socket
        self.lifeline.close()


def start(
    store: Path, publication: Publication, socket_path: Path, *, in_memory: bool, memory: int, may_call: bool = False,
    columns: Path | None = None, copy: Path | None = None,
) -> Nursery:  # fmt: skip
    """Fork a nursery for the store in `store`; it takes connections once its `wait` returns.

    With `may_call` its workers may open connections, for SERVICE; else those of a graph in memory cannot open anything.
    Workers that are forked once the folder `columns` is there answer from it what they can.
    `copy` is where what was read for memory is kept for the next start. Call only from a process without threads.
    """
    near, far = socket.socketpair()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            die_with_parent(parent)
            near.close()
            _run(
                store, publication, socket_path, far, in_memory=in_memory, memory=memory, may_call=may_call,
                columns=columns, copy=copy,
            )  # fmt: skip
            code = 0
        except BaseException as error:  # noqa: BLE001  the only way out of a forked child is _exit
            with contextlib.suppress(OSError):
                far.sendall(f"!{type(error).__name__}: {error}".encode())
        finally:
            os._exit(code)
    far.close()
    return Nursery(pid, socket_path, near)


def _run(
    store: Path,
    publication: Publication,
    socket_path: Path,
    keeper: socket.socket,
    *,
    in_memory: bool,
    memory: int,
    may_call: bool,
    columns: Path | None,
    copy: Path | None,
) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    held = load_in_memory(store, copy, publication.quads) if in_memory else None
    if held is None:
        in_a_child(lambda: ox.Store.read_only(str(store)), store)  # fail now rather than in every worker
    gc.collect()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(socket_path))
    listener.listen(_BACKLOG)
    hello: dict[str, object] = {"number": publication.number, "may_call": may_call or held is None}
    # (a store on disk opens files as it reads)
    keeper.sendall(b"ready")
    children: set[int] = set()
    woken, wake = socket.socketpair()
    for end in (woken, wake):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, _note)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    poller = select.poll()
    poller.register(woken, select.POLLIN)
    poller.register(listener, select.POLLIN)
    poller.register(keeper, select.POLLIN | select.POLLHUP)
    accepting = True
    answers: ColumnAnswers | None = None
    while accepting or children:
        for descriptor, _ in poller.poll(1000):
            if descriptor == woken.fileno():
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
            elif descriptor == keeper.fileno():
                accepting = False
                poller.unregister(keeper)
                poller.unregister(listener)
                socket_path.unlink(missing_ok=True)
            elif accepting:
                connection, _ = listener.accept()
                if answers is None and columns is not None and columns.exists():
                    answers, columns = _open_columns(columns), None
                children.add(_fork_worker(connection, listener, keeper, held, store, hello, memory, answers))
                connection.close()
        _reap(children)


def _fork_worker(
    connection: socket.socket,
    listener: socket.socket,
    keeper: socket.socket,
    held: ox.Store | None,
    store: Path,
    hello: dict[str, object],
    memory: int,
    answers: ColumnAnswers | None,
) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent(parent)
            take_short_turns(0)
            os.setsid()  # Linux shares the processor among sessions, and a long query's gets less (store/lane.py)
            listener.close()
            keeper.close()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGPROF, signal.SIGALRM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            opened = held if held is not None else ox.Store.read_only(str(store))
            worker.serve(connection, opened, hello, memory, answers)
        finally:
            os._exit(0)
    return pid


def _open_columns(folder: Path) -> ColumnAnswers | None:
    """Return what answers from columns, for all workers from now on; None where they cannot be read."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # it would start threads here, and none of its sums are used
    from sundgraf.store.columns_answers import ColumnAnswers  # noqa: PLC0415  most graphs are too small to need them

    try:
        answers = ColumnAnswers(folder)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"sundgraf: the columns in {folder} cannot be read: {error}\n")
        return None
    gc.collect()
    gc.freeze()
    return answers


def _note(*_: object) -> None:
    """A child ended; the wake-up socket says so to the loop."""


def _reap(children: set[int]) -> None:
    for pid in list(children):
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                continue
        children.discard(pid)
