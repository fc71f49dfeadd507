"""A process that answers one query after another and may be killed at any time.

It is forked by the nursery with the graph already in memory (or opens the read-only store itself), so that starting
one takes milliseconds. A query that outlives its deadline ends the process: the kernel's alarm does it, whatever the
engine is doing and whether or not anybody is watching.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pyoxigraph as ox

from sundgraf.domain.errors import NotAcceptable
from sundgraf.domain.sparql import undeclared_prefixes
from sundgraf.domain.zero_paths import ZeroPath, find_zero_paths, mend
from sundgraf.store import wire
from sundgraf.store.row_gate import CutShort
from sundgraf.store.writers import write_boolean, write_solutions, write_triples

_PIECE_BYTES = 1 << 16
_BASE = "https://w3id.org/sundgraf/sparql"  # what relative IRIs in a query are resolved against
_GRACE = 0.4  # seconds after the deadline at which the kernel ends the process
_UNDECLARED = "this prefix is not declared; begin with PREFIX, or write the whole IRI"
_POSITION = re.compile(r"\bat (\d+):(\d+)")
_PROLOGUE = re.compile(r"(?:\s|#[^\n]*\n|(?:PREFIX\s+[^\s:]*:|BASE)\s*<[^<>]*>)*", re.IGNORECASE)
_UNKNOWN_FUNCTION = re.compile(r"The custom function <([^>]*)> is not supported")
_MOST_UNKNOWN_FUNCTIONS = 16


class Shortcut(Protocol):
    """A faster way to some answers (columns_answers)."""

    def write(self, text: str, format: str, sink: Any, row_limit: int) -> bool:
        """Write the answer to a query, unless the engine has to; say whether it was written."""
        ...


def serve(
    connection: socket.socket, store: ox.Store, hello: dict[str, object], memory: int, shortcut: Shortcut | None = None
) -> None:
    """Answer requests on `connection` until the other side closes it. `memory` is bytes beyond those in use now."""
    _cap_memory(memory)
    if not hello.get("may_call"):
        _close_the_door()
    connection.sendall(wire.frame_json(b"H", {**hello, "pid": os.getpid()}))
    reader = wire.FrameReader()
    while (received := wire.receive(connection, reader)) is not None:
        request = json.loads(received[1])
        deadline = float(request["deadline"])
        if deadline:
            signal.setitimer(signal.ITIMER_REAL, deadline + _GRACE)
        sink = _FrameSink(connection, int(request["byte_limit"]), deadline)
        try:
            sink.finish(_run(store, shortcut, request, sink))
        except CutShort:
            sink.finish("bytes")
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001  whatever the engine raises becomes an answer, and the worker goes on
            connection.sendall(wire.frame_json(b"X", describe_error(error, request["text"])))
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)


def run_query(store: ox.Store, request: dict[str, Any]) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    """Evaluate a request as the standard has it, where the engine does otherwise.

    A function nobody knows leaves its variable unbound (SPARQL 1.1 section 17.6), and a path of no length leads from
    any term to itself (section 18.5).
    """
    options: dict[str, Any] = {"base_iri": _BASE}
    if request.get("default_graphs") or request.get("named_graphs"):
        options["default_graph"] = [ox.NamedNode(iri) for iri in request["default_graphs"]]
        options["named_graphs"] = [ox.NamedNode(iri) for iri in request["named_graphs"]]
    text = request["text"]
    unknown = [path for path in find_zero_paths(text) if not _knows(store, text, path, options)]
    if unknown:
        with contextlib.suppress(SyntaxError):  # blank nodes that would stand in two groups; it stays as it was
            return _evaluate(store, mend(text, unknown), options)
    return _evaluate(store, text, options)


def _knows(store: ox.Store, text: str, path: ZeroPath, options: Mapping[str, Any]) -> bool:
    """Say whether the term at the end of a path is in the default graph; such a pattern is left as it is."""
    prologue = _PROLOGUE.match(text)
    words = (prologue[0] if prologue else "", "ASK {", path.test, "}")  # the query's own, and none but those
    try:
        return bool(store.query(" ".join(words), **options))
    except (SyntaxError, RuntimeError):
        return True


def _evaluate(
    store: ox.Store, text: str, options: Mapping[str, Any]
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    functions: dict[ox.NamedNode, Callable[..., ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None]] = {}
    while True:
        try:
            return store.query(text, custom_functions=functions or None, **options)
        except RuntimeError as error:
            unknown = _UNKNOWN_FUNCTION.search(str(error))
            if unknown is None or len(functions) >= _MOST_UNKNOWN_FUNCTIONS:
                raise
            functions[ox.NamedNode(unknown[1])] = _unbound


def write_answer(
    answer: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples, name: str, sink: Any, row_limit: int
) -> str:
    """Write an answer in the format called `name`; return "rows" where it was cut at the row limit, else ""."""
    if isinstance(answer, ox.QuerySolutions):
        cut = write_solutions(answer, name, sink, row_limit)
    elif isinstance(answer, ox.QueryBoolean):
        cut = False
        write_boolean(answer, name, sink)
    else:
        cut = write_triples(answer, name, sink, row_limit)
    return "rows" if cut else ""


def describe_error(error: Exception, query: str = "") -> dict[str, object]:
    """Return the wire form of an error: what kind, one line of text, and where in the query it is."""
    text = " ".join(str(error).split())
    if isinstance(error, SyntaxError) and (place := _undeclared_prefix(query)):
        said = f"error at {place[0]}:{place[1]}: {_UNDECLARED}"
        return {"kind": "syntax", "message": said, "line": place[0], "column": place[1]}
    if isinstance(error, SyntaxError):
        position = _POSITION.search(text)
        line, column = (int(position[1]), int(position[2])) if position else (None, None)
        return {"kind": "syntax", "message": _shorten(text), "line": line, "column": column}
    if isinstance(error, ValueError):
        return {"kind": "syntax", "message": text, "line": None, "column": None}
    if isinstance(error, NotAcceptable):
        return {"kind": "not-acceptable", "message": text}
    if isinstance(error, MemoryError):
        return {"kind": "memory", "message": text}
    return {"kind": "engine", "message": text}


def _run(store: ox.Store, shortcut: Shortcut | None, request: dict[str, Any], sink: _FrameSink) -> str:
    whole = not request.get("default_graphs") and not request.get("named_graphs")
    if shortcut and whole and shortcut.write(request["text"], request["format"], sink, int(request["row_limit"])):
        return ""
    return write_answer(run_query(store, request), request["format"], sink, int(request["row_limit"]))


def _unbound(*_: object) -> None:
    return None


def _shorten(text: str) -> str:
    """Keep the parser's own words, without the character classes that nobody reads."""
    text = re.sub(r",? \[[^\]]*\](?:\s*\|\s*'[^,\]]*\])?", "", text)
    head, listed, words = text.partition("expected one of ")
    sentences = [part for part in words.split(", ") if part.count(" ") > 1 and part[0].isupper()]
    if listed and sentences:
        text = f"{head}{sentences[0]}"
    text = re.sub(r"expected(?: <unreported>)?\s*\Z", "what stands here is no part of a query", text)
    return text if len(text) <= 400 else text[:400].rsplit(" ", 1)[0] + " ..."


def _undeclared_prefix(query: str) -> tuple[int, int] | None:
    """Return line and column of the first prefix that is not declared, where that is all that is wrong.

    The parser speaks of whatever else might have stood there.
    """
    missing = undeclared_prefixes(query)
    if not missing:
        return None
    try:
        ox.Store().query(query, base_iri=_BASE, prefixes=dict.fromkeys(missing, "urn:x:"))
    except SyntaxError:
        return None
    except (ValueError, RuntimeError):
        pass
    before = query[: min(missing.values())]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


class _FrameSink:
    """Gathers an answer into pieces; a small one leaves as a single frame."""

    def __init__(self, connection: socket.socket, byte_limit: int, deadline: float) -> None:
        self._connection = connection
        self._left = byte_limit or sys.maxsize
        self._deadline = deadline
        self._pieces: list[bytes] = []
        self._held = 0
        self._started = False

    def write(self, piece: bytes) -> int:
        size = len(piece)
        if size > self._left:
            self._left = -1  # the engine offers once more what was refused
            raise CutShort
        self._left -= size
        self._pieces.append(piece)
        self._held += size
        if self._held >= _PIECE_BYTES:
            self._send()
        return size

    def flush(self) -> None:
        """Nothing to do: pieces leave when there are enough of them."""

    def finish(self, truncated: str) -> None:
        ending = {"truncated": truncated}
        if not self._started:
            self._connection.sendall(wire.frame_whole(ending, b"".join(self._pieces)))
            return
        self._send()
        self._connection.sendall(wire.frame_json(b"E", ending))

    def _send(self) -> None:
        if not self._started and self._deadline:
            # From here on a slow reader counts too; the clock that runs is the processor's, and the web process's.
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.setitimer(signal.ITIMER_PROF, self._deadline + _GRACE)
        self._started = True
        self._connection.sendall(wire.frame(b"B", b"".join(self._pieces)))
        self._pieces.clear()
        self._held = 0


def _close_the_door() -> None:
    """Give up opening anything: no file, no socket. What is open stays open, so a query can call nobody."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _cap_memory(memory: int) -> None:
    if not memory:
        return
    try:
        pages = int(open("/proc/self/statm", encoding="ascii").read().split()[0])  # noqa: SIM115  closed by exec or exit
    except OSError:  # no /proc on macOS; the deadline still holds
        return
    with contextlib.suppress(ValueError, OSError):
        limit = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
