"""Run our SPARQL service over a dataset that may be changed, for the conformance suites, which load their own data.

    python tests/conformance/changing_service.py --port 8001

    /sparql    our query service: its own parse, negotiation, worker processes and writers, as `sundgraf serve` has them
    /update    SPARQL 1.1 Update       } these two belong to this file only: they change the dataset in the process that
    /store     Graph Store Protocol    } the workers are forked from, and then every worker is replaced

Nobody but a test should run this: `sundgraf serve` refuses writes. What differs from it: the nursery below in place of
store/nursery.py (its graph never changes), no cache of ready answers, and no look-ups in the web process.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pyoxigraph as ox

from sundgraf.bundle import find_bundle
from sundgraf.settings import Settings
from sundgraf.store import embedded, wire, worker
from sundgraf.store.parent import die_with_parent

_FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}
_LOOK_SECONDS = 0.001  # how often the web process looks for a new dataset; the service itself need not be so quick
# The suite's one call of another endpoint, SILENT and meant to fail. Allowed, so that it is run and not refused.
UNREACHABLE = "http://invalid.endpoint.org/sparql"


# ------------------------------------------------------------------ the process that holds the dataset


def hold(workers_at: Path, changes: socket.socket, memory: int) -> None:
    """Keep a dataset: apply the changes that arrive on `changes`, and fork a worker for whoever connects."""
    die_with_parent(os.getppid())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the workers
    store = ox.Store()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(workers_at))
    listener.listen(64)
    changes.sendall(wire.frame_json(b"R", {}))
    reader = wire.FrameReader()
    while True:
        ready, _, _ = select.select([listener, changes], [], [])
        if listener in ready:
            connection, _ = listener.accept()
            _fork_worker(connection, store, memory)
            connection.close()
        if changes in ready:
            received = wire.receive(changes, reader)
            if received is None:
                return
            changes.sendall(wire.frame_json(b"R", _apply(store, json.loads(received[1]))))


def _fork_worker(connection: socket.socket, store: ox.Store, memory: int) -> None:
    gc.freeze()
    parent = os.getpid()
    if os.fork() == 0:
        try:
            die_with_parent(parent)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            worker.serve(connection, store, {"number": 0, "may_call": False}, memory)
        finally:
            os._exit(0)


def _apply(store: ox.Store, change: dict[str, str]) -> dict[str, object]:
    try:
        return _update(store, change) if change["what"] == "update" else _graph_store(store, change)
    except Exception as error:  # whatever the engine says of a change, the suites' next one must be taken
        return {"status": 400, "body": str(error)}


def _update(store: ox.Store, change: dict[str, str]) -> dict[str, object]:
    store.update(change["text"], base_iri=change["base"])
    return {"status": 204}


def _graph_store(store: ox.Store, change: dict[str, str]) -> dict[str, object]:
    graph = ox.NamedNode(change["graph"]) if change["graph"] else ox.DefaultGraph()
    there = isinstance(graph, ox.DefaultGraph) or store.contains_named_graph(graph)
    method = change["what"]
    if method in ("GET", "DELETE") and not there:
        return {"status": 404}
    if method == "GET":
        triples = (quad.triple for quad in store.quads_for_pattern(None, None, None, graph))
        return {"status": 200, "body": ox.serialize(triples, format=ox.RdfFormat.TURTLE).decode()}
    if method == "DELETE":
        store.clear_graph(graph) if isinstance(graph, ox.DefaultGraph) else store.remove_graph(graph)
        return {"status": 204}
    if change["type"] not in _FORMATS:
        return {"status": 415}
    body = base64.b64decode(change["body"])
    quads = list(ox.parse(body, format=_FORMATS[change["type"]], base_iri=change["base"], rename_blank_nodes=True))
    if method == "PUT":
        store.clear_graph(graph)
    store.extend(ox.Quad(q.subject, q.predicate, q.object, graph) for q in quads)
    if isinstance(graph, ox.NamedNode):
        store.add_graph(graph)
    return {"status": 204 if there else 201}


# ------------------------------------------------------------------ the web process


class ChangingService:
    """An ASGI application: our query service, and the two paths that change its dataset."""

    def __init__(self, folder: Path, workers_at: Path, changes: socket.socket) -> None:
        from sundgraf.http.context import Context
        from sundgraf.http.delivery import Delivery
        from sundgraf.http.pages import Pages
        from sundgraf.http.routes.sparql import SPARQLEndpoint

        self._announcement = folder / "published.json"
        self._workers_at = workers_at
        self._changes = changes
        self._reader = wire.FrameReader()
        self._number = 0
        self._changed = False
        self._announce()
        settings = Settings(state=folder, service_allow=UNREACHABLE)
        embedded._WATCH_SECONDS = _LOOK_SECONDS
        self._store = embedded.EmbeddedStore(self._announcement, workers=1, trusted_workers=1, queue=64, long=1)
        self._endpoint = SPARQLEndpoint(Context(settings, find_bundle(), self._store, {}, Pages()))
        self._service = Delivery(self._query, lambda: self._store.publication().number, 0)

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["path"] in ("/update", "/store"):
            await self._change(scope, receive, send)
        else:
            await self._service(scope, receive, send)

    async def _live(self, receive, send) -> None:
        await receive()
        await self._store.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._store.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _query(self, scope, receive, send) -> None:
        if self._changed:
            self._announce()
        while self._store.publication().number != self._number:
            await asyncio.sleep(_LOOK_SECONDS)
        await self._endpoint(scope, receive, send)

    async def _change(self, scope, receive, send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        answer = self._tell(_read_change(scope, body))
        self._changed = True
        text = str(answer.get("body", "")).encode()
        headers = [(b"content-type", b"text/turtle"), (b"content-length", str(len(text)).encode())]
        await send({"type": "http.response.start", "status": answer["status"], "headers": headers if text else []})
        await send({"type": "http.response.body", "body": text})

    def _tell(self, change: dict[str, str]) -> dict[str, object]:
        if "status" in change:
            return change
        self._changes.sendall(wire.frame_json(b"C", change))
        received = wire.receive(self._changes, self._reader)
        if received is None:
            raise ConnectionError("the process with the dataset is gone")
        return json.loads(received[1])

    def _announce(self) -> None:
        self._number, self._changed = self._number + 1, False
        said = {"socket": str(self._workers_at), "number": self._number, "time": "2026-11-20T12:00:00Z", "quads": 0}
        draft = self._announcement.with_suffix(".new")
        draft.write_text(json.dumps(said), "utf-8")
        draft.replace(self._announcement)


def _read_change(scope, body: bytes) -> dict[str, str]:
    """Return what a request wants changed, or {"status": ...} where it cannot be read."""
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    kind = headers.get("content-type", "").partition(";")[0].strip()
    address = f"http://{headers.get('host', 'localhost')}{scope['path']}"
    parameters = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    if scope["path"] == "/update":
        if scope["method"] != "POST":
            return {"status": 405}
        if kind == "application/x-www-form-urlencoded":
            text = dict(parse_qsl(body.decode(), keep_blank_values=True)).get("update", "")
        elif kind == "application/sparql-update":
            text = body.decode()
        else:
            return {"status": 415}
        return {"what": "update", "text": text, "base": address}
    if scope["method"] not in ("GET", "PUT", "POST", "DELETE"):
        return {"status": 405}
    graph = "" if "default" in parameters else parameters.get("graph", "")
    if "default" not in parameters and not urlsplit(graph).scheme:
        return {"status": 400}
    return {
        "what": scope["method"], "graph": graph, "type": kind, "base": urljoin(address, graph),
        "body": base64.b64encode(body).decode(),
    }  # fmt: skip


def main() -> None:
    """Serve until a signal says to stop; print the address once requests are taken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sundgraf-conformance-") as name, contextlib.suppress(KeyboardInterrupt):
        folder = Path(name)
        near, far = socket.socketpair()
        if os.fork() == 0:
            try:
                near.close()
                hold(folder / "workers.sock", far, Settings(state=folder).worker_memory)
            finally:
                os._exit(0)
        far.close()
        wire.receive(near, wire.FrameReader())
        _serve(ChangingService(folder, folder / "workers.sock", near), arguments.port)


def _serve(application: ChangingService, port: int) -> None:
    import uvicorn

    listener = socket.create_server(("127.0.0.1", port))
    print(f"ready at http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(
        application, loop="uvloop", http="httptools", log_level="warning", access_log=False, lifespan="on"
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
