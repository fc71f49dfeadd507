"""The change feed: replayed from empty, and again after each change, it gives the graph that is published."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from server import Server, running
from stewards import FIGURE, PREFIXES, accept, client, make_token, send, wait_for_publication
from sundgraf.application.follow import follow
from sundgraf.application.load import publish_files
from sundgraf.domain.errors import StoreUnusable
from sundgraf.store.feed import read_page
from sundgraf.store.resources import UNNAMED, Resources

AS = "https://www.w3.org/ns/activitystreams#"
TREE = "https://w3id.org/tree#"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
CLIENT = Path(__file__).parent / "ldes"


class Replica:
    """A copy that follows the feed: for each resource what its last event said."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.held: dict[str, list[ox.Triple]] = {}
        self.seen: set[str] = set()
        self.kept: set[str] = set()
        self.told: list[tuple[str, str]] = []

    def follow(self) -> list[tuple[str, str]]:
        """Read what is new; return what happened to which resource."""
        self.told = []
        root = self._get(self.url)
        nodes = {str(q.object.value) for q in root if q.predicate.value == f"{TREE}node"}
        for node in sorted(nodes - self.kept, key=lambda node: int(node.rpartition("/")[2])):
            self._apply(self._get(node))
        return self.told

    def graph(self) -> ox.Dataset:
        return canonical(triple for triples in self.held.values() for triple in triples)

    def _get(self, url: str) -> list[ox.Quad]:
        answer = httpx.get(url, headers={"Accept": "application/n-quads"}, timeout=60)
        assert answer.status_code == 200, answer.text
        if "immutable" in answer.headers["cache-control"]:
            self.kept.add(url)
        return list(ox.parse(answer.content, format=ox.RdfFormat.N_QUADS))

    def _apply(self, quads: list[ox.Quad]) -> None:
        held = ox.Dataset(quads)
        members = [q.object for q in quads if q.predicate.value == f"{TREE}member"]
        for member in sorted(members, key=lambda member: int(member.value.rpartition("#")[2])):
            if member.value in self.seen:
                continue
            self.seen.add(member.value)
            said = {q.predicate: q.object for q in held.quads_for_subject(member)}
            name = said[ox.NamedNode(f"{AS}object")].value
            self.told.append((said[TYPE].value.removeprefix(AS), name))
            self.held[name] = [q.triple for q in held.quads_for_graph_name(member)]


def canonical(triples) -> set[str]:
    found = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    found.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in found}


def published(service: Server) -> set[str]:
    answer = httpx.get(
        service.sparql, params={"query": "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"},
        headers={"Accept": "application/n-triples"}, timeout=60,
    )  # fmt: skip
    assert "sundgraf-truncated" not in answer.headers
    return canonical(q.triple for q in ox.parse(answer.content, format=ox.RdfFormat.N_TRIPLES))


@pytest.fixture(scope="module")
def service(fill, tmp_path_factory):
    with running(fill(tmp_path_factory.mktemp("followed") / "state"), SUNDGRAF_ROW_LIMIT="1000000") as started:
        yield started


@pytest.fixture(scope="module")
def replica(service):
    made = Replica(f"{service.url}/feed")
    made.follow()
    return made


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """Let ldes-client (npm) read what is new, as (event, resource, statements); skips where it cannot be had."""
    if not shutil.which("npm"):
        pytest.skip("there is no npm; ldes-client (npm) is the client that this asks")
    if not (CLIENT / "node_modules" / "ldes-client").is_dir():
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved"],
            cwd=CLIENT, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"npm cannot install ldes-client here: {done.stderr.strip().rpartition(chr(10))[2]}")
    folder = tmp_path_factory.mktemp("ldes-client")
    held: dict[str, tuple[int, list[ox.Triple]]] = {}
    return lambda service: read_with_client(service, folder, held)


def test_replay_from_empty_gives_the_published_graph(service, replica):
    assert {what for what, _ in replica.told} == {"Create", "Delete"}  # Delete: tombstones that the files hold
    assert replica.graph() == published(service)


def test_real_client_replays_it(service, replica, reader):
    new, graph = reader(service)
    assert len(new) > 5000
    assert graph == replica.graph()


def test_follower_sees_new_records_a_correction_a_merge_and_a_withdrawal(service, replica):
    steward = client(service, make_token(service, "submitter", "steward"))
    reviewer = client(service, make_token(service, "reviewer", "reviewer"))

    def publish(sent: httpx.Response) -> list[tuple[str, str]]:
        assert sent.status_code == 201, sent.text
        wait_for_publication(service, accept(reviewer, sent.json()["id"]).json()["publication"])
        return replica.follow()

    body = FIGURE.removeprefix(PREFIXES)
    three = [
        body.replace("scans>", f"scans-{value}>").replace("sg:value 12", f"sg:value {value}") for value in (7, 8, 9)
    ]
    told = publish(send(steward, PREFIXES + "".join(three), reason="test"))
    first, second, third = (name for what, name in told if what == "Create" and "/id/figure/" in name)
    corrected = FIGURE.replace("<scans>", f"<{third}>").replace("sg:value 12", "sg:value 13")
    assert ("Update", third) in publish(send(steward, corrected, reason="counted again"))
    assert "13" in values(replica.held[third])
    merge = {"kind": "merge", "record": first, "successor": second, "reason": "The same"}
    assert ("Delete", first) in publish(steward.post("/submissions", params=merge))
    assert values(replica.held[first]) == {second}
    reasons = {"reason_da": "Talt to gange.", "reason_en": "Counted twice."}
    told = publish(steward.post("/submissions", params={"kind": "withdrawal", "record": third, **reasons}))
    assert ("Delete", third) in told
    assert "Counted twice." in values(replica.held[third])
    assert replica.graph() == published(service)


def test_real_client_goes_on_where_it_stopped(service, replica, reader):
    new, graph = reader(service)
    assert 0 < len(new) < 50
    assert graph == replica.graph()


def values(triples: list[ox.Triple]) -> set[str]:
    return {triple.object.value for triple in triples}


def read_with_client(service: Server, folder: Path, held: dict[str, tuple[int, list[ox.Triple]]]):
    """Take over what ldes-client finds to be new, in the order of its numbers; return that and the graph."""
    command = ["node", "replay.mjs", f"{service.url}/feed", str(folder / "state")]
    done = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    members = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for member in members:
        number = int(member["id"].rpartition("#")[2])
        quads = ox.Dataset(ox.parse(member["quads"], format=ox.RdfFormat.N_QUADS))
        event = ox.NamedNode(member["id"])
        name = next(q.object.value for q in quads.quads_for_subject(event) if q.predicate.value == f"{AS}object")
        if number > held.get(name, (0, []))[0]:
            held[name] = (number, [quad.triple for quad in quads.quads_for_graph_name(event)])
    return [member["id"] for member in members], canonical(t for _, triples in held.values() for t in triples)


def test_full_pages_are_kept_for_ever_and_the_last_is_not(service, replica):
    replica.follow()
    root = ox.Dataset(ox.parse(httpx.get(f"{service.url}/feed").content, format=ox.RdfFormat.TURTLE))
    nodes = {q.object.value for q in root if q.predicate.value == f"{TREE}node"}
    last = (nodes - replica.kept).pop()
    assert len(nodes) == len(replica.kept) + 1
    answer = httpx.get(last)
    assert answer.headers["cache-control"] == "no-cache"
    for node in (last, f"{service.url}/feed", min(replica.kept)):
        tag = httpx.get(node, headers={"Accept": "application/n-quads"}).headers["etag"]
        again = httpx.get(node, headers={"Accept": "application/n-quads", "If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")


def test_page_says_the_same_in_every_format_that_has_named_graphs(service, replica):
    node = min(replica.kept)
    said = set()
    for form in ("trig", "nquads", "jsonld"):
        answer = httpx.get(node, params={"format": form})
        dataset = ox.Dataset(
            ox.parse(answer.content, format=ox.RdfFormat.from_media_type(answer.headers["content-type"]))
        )
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        said.add("\n".join(sorted(map(str, dataset))))
    assert len(said) == 1
    assert httpx.get(node, headers={"Accept": "text/turtle"}).status_code == 406


@pytest.mark.parametrize("path", ["1-00000000/1", "{series}/0", "{series}/99999", "{series}/one", "{series}/1%00"])
def test_page_that_is_not_there_is_404(service, replica, path):
    series = min(replica.kept).split("/")[-2]
    answer = httpx.get(f"{service.url}/feed/{path.format(series=series)}", headers={"Accept": "application/json"})
    assert answer.status_code in (404, 406), answer.text


def test_every_publication_has_its_events_and_what_a_crash_left_is_of_no_account(tmp_path):
    state, file = tmp_path / "state", tmp_path / "more.nt"
    line = '<https://example.org/{}> <https://example.org/p> "{}" .\n'
    file.write_text(line.format("a", 1) + line.format("b", 1), "utf-8")
    publish_files(state, [file], "https://example.org/g", agent="test")
    first = follow(state)
    page = state / "feed" / first.series / "000001.nq"
    with page.open("ab") as torn:
        torn.write(b"<https://example.org/torn")
    for number in (2, 3):  # nobody follows in between: publishing does, so that no publication is passed over
        file.write_text(line.format("b", number) + line.format(f"c{number}", 1), "utf-8")
        publish_files(state, [file], "https://example.org/g", agent="test")
    feed = follow(state)
    events = list(ox.parse(read_page(state, feed, feed.series, 1), format=ox.RdfFormat.N_QUADS))
    by = {str(q.object.value).rpartition("/")[2] for q in events if q.predicate.value.endswith("wasGeneratedBy")}
    assert by == {"pb-0001", "pb-0002", "pb-0003"}
    told = [q.object.value for q in events if q.predicate.value == f"{AS}object"]
    assert [told.count(f"https://example.org/{name}") for name in ("a", "b", "c2", "c3")] == [1, 3, 1, 1]
    assert feed.begins == sorted(feed.begins)
    assert follow(state) == feed
    (state / "feed" / "feed.json").write_text("{", "utf-8")
    with pytest.raises(StoreUnusable, match="begin a new feed"):
        follow(state)


def test_blank_nodes_go_with_the_resource_that_leads_to_them():
    store = ox.Store()
    store.load(
        b"""@prefix : <https://example.org/> .
        :a :list ( 1 [ :x 2 ] ) . :b :shares _:s . :c :shares _:s .
        _:s :y 3 . _:alone :z 4 . _:r1 :to _:r2 . _:r2 :to _:r1 .
        """,
        ox.RdfFormat.TURTLE,
    )
    cut = Resources(store)
    parts = {name: cut.statements(name) for name in cut.digests}
    assert {name: len(part) for name, part in parts.items()} == {"https://example.org/a": 6, UNNAMED: 6}
    assert sum(map(len, parts.values())) == len(store)
    again = ox.Store()
    again.extend(ox.Quad(t.subject, t.predicate, t.object) for part in parts.values() for t in part)
    again.remove(next(again.quads_for_pattern(None, ox.NamedNode("https://example.org/z"), None)))
    assert Resources(again).digests["https://example.org/a"] == cut.digests["https://example.org/a"]
