"""Answers from columns are the engine's own: for the bench's queries, our questions, and queries made at random."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import random
import time
from collections import Counter
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from bench.generate import generate
from server import Server, processes_of, run, running
from sundgraf.application.columns import make_columns
from sundgraf.domain.select_text import read_select
from sundgraf.store import columns_groups, columns_joins, columns_select
from sundgraf.store.columns_answers import ColumnAnswers
from sundgraf.store.columns_files import write_columns

HERE = Path(__file__).resolve().parent
QUERIES = sorted((HERE / "bench" / "queries").glob("*.rq"))
TRIPLES = 60_000
PREFIXES = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX sg: <https://w3id.org/sundgraf/def/>
PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX org: <http://www.w3.org/ns/org#> """
ODD = """
<http://e/a> <http://e/n> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://e/a> <http://e/n> "1.0"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<http://e/b> <http://e/n> "2.5"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<http://e/b> <http://e/n> "-3"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://e/c> <http://e/n> "3"^^<http://www.w3.org/2001/XMLSchema#double> .
<http://e/c> <http://e/n> "many" .
<http://e/d> <http://e/d> "2024-01-01"^^<http://www.w3.org/2001/XMLSchema#date> .
<http://e/d> <http://e/d> "2023-12-31Z"^^<http://www.w3.org/2001/XMLSchema#date> .
<http://e/e> <http://e/t> "ÆRØ \\"and\\" \\\\ more\\nlines"@da .
<http://e/e> <http://e/t> "ærø" .
<http://e/e> <http://e/t> <http://e/aero> .
_:b <http://e/t> "ærø"@en .
<http://e/f> <http://e/t> _:b .
"""


class Pair:
    """The same statements with the engine and as columns."""

    def __init__(self, store: ox.Store, folder: Path, at: Path) -> None:
        self.store = store
        write_columns(at, folder)
        self.columns = ColumnAnswers(folder)
        self.columns._solver.is_worthwhile = lambda group: True  # also where the engine would be faster

    def compare(self, text: str) -> bool:
        """Say whether columns answer a query; where they do, the answer must be the engine's."""
        sink = io.BytesIO()
        if not self.columns.write(text, "json", sink, 0):
            return False
        answer = self.store.query(text)
        assert isinstance(answer, ox.QuerySolutions)
        expected, found = json.loads(answer.serialize(format=ox.QueryResultsFormat.JSON)), json.loads(sink.getvalue())
        assert found["head"] == expected["head"]
        rows = [[_rows(said) for said in (found, expected)]]
        assert Counter(rows[0][0]) == Counter(rows[0][1]), text
        order = [one.variable for one in read_select(text).order]  # type: ignore[union-attr]
        keys = [[_rows(said, order) for said in (found, expected)]]
        assert keys[0][0] == keys[0][1], text
        return True


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("registry")
    store = ox.Store(str(folder / "store"))
    store.bulk_load("".join(generate(TRIPLES)), format=ox.RdfFormat.N_TRIPLES)
    store.bulk_load(ODD, format=ox.RdfFormat.N_TRIPLES)
    store.flush()
    return Pair(store, folder / "columns", folder / "store")


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_each_query_of_the_mix_has_the_answer_of_the_engine(registry: Pair, path: Path):
    text = path.read_text("utf-8")
    assert registry.compare(text) == (path.stem not in ("01-lookup", "12-record", "21-cited"))


def test_a_running_service_answers_from_columns_once_they_are_there(tmp_path: Path):
    file, state = tmp_path / "registry.nt", tmp_path / "state"
    file.write_text("".join(generate(20_000)), "utf-8")
    assert run(state, "load", str(file)).returncode == 0
    texts = [path.read_text("utf-8") for path in QUERIES if read_select(path.read_text("utf-8")) is not None]
    with running(state, SUNDGRAF_CACHE_BYTES="0", SUNDGRAF_WEB_PROCESSES="1", SUNDGRAF_COLUMN_QUADS="1") as server:
        before = [httpx.get(server.sparql, params={"query": text}).json() for text in texts]
        assert not _reading_columns(server)
        make_columns(state)
        end = time.monotonic() + 20
        while not _reading_columns(server) and time.monotonic() < end:
            time.sleep(0.1)
        assert _reading_columns(server)
        after = [httpx.get(server.sparql, params={"query": text}).json() for text in texts]
    for one, other in zip(before, after, strict=True):
        assert Counter(_rows(one)) == Counter(_rows(other))


def _reading_columns(server: Server) -> bool:
    """Say whether a worker has the columns open."""
    for pid in processes_of(server):
        with contextlib.suppress(OSError):
            if "/columns/" in Path(f"/proc/{pid}/maps").read_text():
                return True
    return False


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?s ?n { ?s <http://e/n> ?n }",
        f"SELECT ?s ?n {{ ?s <http://e/n> ?n FILTER({' || '.join(['?n > 1'] * 1500)}) }}",
        "SELECT ?s ?n { ?s <http://e/n> ?n FILTER(?n > 1) }",
        "SELECT ?s ?n { ?s <http://e/n> ?n FILTER(?n = 1) }",
        "SELECT ?s ?n { ?s <http://e/n> ?n } ORDER BY ?n",
        "SELECT (SUM(?n) AS ?sum) { ?s <http://e/n> ?n }",
        "SELECT (COUNT(*) AS ?n) (MIN(?x) AS ?least) { ?s <http://e/none> ?x }",
        "SELECT (COUNT(*) AS ?n) { ?s <http://e/none> ?x }",
        "SELECT ?s ?d { ?s <http://e/d> ?d FILTER(?d >= '2024-01-01'^^<http://www.w3.org/2001/XMLSchema#date>) }",
        "SELECT ?s ?t { ?s <http://e/t> ?t FILTER(LANG(?t) = 'da') }",
        "SELECT ?s ?t { ?s <http://e/t> ?t FILTER(LANG(?t) != 'da') }",
        "SELECT ?s ?t { ?s <http://e/t> ?t FILTER(!(LANG(?t) = 'da')) }",
        "SELECT ?t { ?s <http://e/t> ?t FILTER(CONTAINS(LCASE(?t), 'ærø')) }",
        "SELECT ?t { ?s <http://e/t> ?t FILTER(STRSTARTS(LCASE(?t), 'ærø') || ISIRI(?t)) }",
        "SELECT ?t { ?s <http://e/t> ?t FILTER(!CONTAINS(LCASE(?t), 'ærø')) }",
        'SELECT ?s { ?s <http://e/t> "ærø"@da }',
        'SELECT ?s { ?s <http://e/t> "ærø"@EN }',
        "SELECT ?s { ?s <http://e/n> 1 }",
        "SELECT ?s { ?s <http://e/n> 01 }",
        "SELECT ?s { ?s <http://e/n> 2.5 }",
        "SELECT ?s { ?s <http://e/n> 2.50 }",
        "SELECT ?s ?x { VALUES ?x { <http://e/a> <http://e/unknown> } ?x <http://e/n> ?s }",
        "SELECT ?s ?x { VALUES (?x ?y) { (<http://e/a> UNDEF) } ?x <http://e/n> ?s }",
    ],
)  # fmt: skip
def test_odd_terms_are_the_engines_own_or_left_to_it(registry: Pair, text: str):
    registry.compare(text)


@pytest.mark.parametrize("seed", range(6))
def test_queries_made_at_random_have_the_answers_of_the_engine(registry: Pair, seed: int):
    chance = random.Random(seed)
    answered = sum(registry.compare(_make(chance)) for _ in range(30))
    assert answered > 8


@pytest.mark.parametrize("room", [0, 1 << 22], ids=["sorting", "tables"])
def test_answers_are_the_same_whichever_way_rows_are_joined_and_grouped(
    registry: Pair, monkeypatch: pytest.MonkeyPatch, room: int
):
    narrowed = []

    def narrow(*given):
        narrowed.append(len(given[1]) > len(found := columns_joins.narrow(*given)))
        return found

    monkeypatch.setattr(columns_select, "narrow", narrow)
    monkeypatch.setattr(columns_joins, "_MULTIPLIED", 1)  # as with ten million statements
    monkeypatch.setattr(columns_joins, "_FEWER", 0)
    monkeypatch.setattr(columns_groups, "_ROOM", room)
    monkeypatch.setattr(columns_groups, "_ROOM_FOR_EACH", 0)
    for path in QUERIES:
        registry.compare(path.read_text("utf-8"))
    chance = random.Random(99)
    for _ in range(60):
        registry.compare(_make(chance))
    assert sum(narrowed) > 10


@pytest.mark.parametrize("format", ["csv", "tsv", "xml"])
def test_every_format_is_written(registry: Pair, format: str):
    sink = io.BytesIO()
    text = f"{PREFIXES} SELECT ?stage (COUNT(?r) AS ?n) {{ ?r sg:stage ?stage }} GROUP BY ?stage ORDER BY ?n ?stage"
    assert registry.columns.write(text, format, sink, 0)
    names = {"csv": ox.QueryResultsFormat.CSV, "tsv": ox.QueryResultsFormat.TSV, "xml": ox.QueryResultsFormat.XML}
    expected = registry.store.query(text).serialize(format=names[format])
    assert sink.getvalue().replace(b"\r\n", b"\n") == expected.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?s { ?s ?p ?o }", "SELECT * { ?s a ?o }", "SELECT ?s { GRAPH ?g { ?s a ?o } }", "ASK { ?s a ?o }",
        "SELECT ?s FROM <http://e/g> { ?s a ?o }", "SELECT ?s { ?s a ?o } HAVING (?s > 1)", "SELECT ?s { ?s a }",
        "SELECT ?s { ?s ex:a ?o }", "SELECT ?s { ?s a ?o . { SELECT ?s { ?s a ?p } } }", "SELECT ?s ?s { ?s a ?o }",
        "SELECT (COUNT(?s) AS ?n) ?o { ?s a ?o }", "SELECT ?s { ?s a/<http://e/p>* ?o }", "DELETE { ?s a ?o }",
        "PREFIX e: <http://e/> SELECT ?s { ?s e:a.b ?o }", "SELECT ?s { ?s a ?o FILTER(?o = 'a\\n') }",
        "SELECT ?s { ?s a ?o FILTER(" + "(" * 9000, "SELECT ?s " + "#" * 15_000, "SELECT ?s " + "{" * 15_000,
    ],
)  # fmt: skip
def test_what_is_not_plain_is_not_read(text: str):
    assert read_select(text) is None


def _rows(said: dict, names: list[str] | None = None) -> list[str]:
    return [
        json.dumps({name: cell for name, cell in row.items() if names is None or name in names}, sort_keys=True)
        if not any(cell["type"] == "bnode" for cell in row.values())
        else "with a blank node"
        for row in said["results"]["bindings"]
    ]


def _make(chance: random.Random) -> str:
    """Return a query over the registry: a few patterns around a project, and a few of the things SPARQL has."""
    country = chance.choice(["DNK", "SWE", "FIN", "XYZ"])
    patterns = {
        "c": "?p sg:country ?c .",
        "k": f"?p sg:country <http://publications.europa.eu/resource/authority/country/{country}> .",
        "u": "?p sg:useCase ?u .", "o": "?p sg:participant ?o .", "t": "?p sg:technologyType ?t .",
        "s": "?p sg:startDate ?s .", "l": "?p rdfs:label ?l .", "r": "?r sg:about ?p .", "d": "?d sg:continues ?p .",
        "b": "?p sg:budget ?b .", "h": "?p sg:participant/dcterms:spatial ?h .", "v": "?e sg:about ?p ; sg:value ?v .",
        "w": "?u skos:broader+ <https://w3id.org/sundgraf/concept/usecase/uc-00001> .",
    }  # fmt: skip
    filters = {
        "l": ['LANG(?l) = "da"', 'CONTAINS(LCASE(?l), "tri")', '!(LANG(?l) = "en") || STRSTARTS(LCASE(?l), "det")'],
        "s": ['?s >= "2022-01-01"^^xsd:date', '?s < "2020-06-01"^^xsd:date && ?s != "2019-01-01"^^xsd:date'],
        "c": ["?c != <http://publications.europa.eu/resource/authority/country/DNK>", "ISIRI(?c)"],
        "b": ["?b > 50000", "?b = 20000 || ?b <= 10000"], "v": ["?v > 50.5", "20 < ?v", "?v != 12.5"],
        "t": ["?t IN (<https://w3id.org/sundgraf/concept/technology/generative-ai>)"], "o": ["?o != ?p"],
    }  # fmt: skip
    names = chance.sample(sorted(patterns), chance.randrange(2, 5))
    if "w" in names and "u" not in names:
        names.append("u")
    body = [patterns[name] for name in names]
    body += [f"FILTER({chance.choice(filters[name])})" for name in names if name in filters and chance.random() < 0.6]
    more = [name for name in "sbdrv" if name not in names]
    for kind in chance.sample(["OPTIONAL", "MINUS", "FILTER NOT EXISTS", "FILTER EXISTS", "UNION", ""], 2):
        if kind == "UNION":
            body.append(f"{{ {patterns['d']} }} UNION {{ {patterns['r']} }}")
        elif kind:
            body.append(f"{kind} {{ {patterns[chance.choice(more)]} }}")
    if "c" in names and chance.random() < 0.3:
        body.insert(0, "VALUES ?c { <http://publications.europa.eu/resource/authority/country/NOR> "
                       "<http://publications.europa.eu/resource/authority/country/DNK> }")  # fmt: skip
    if "s" in names and chance.random() < 0.5:
        body.append("BIND(YEAR(?s) AS ?y)" + chance.choice(["", " FILTER(?y > 2019)"]))
    variables = sorted({word for word in " ".join(body).replace(")", " ").replace("(", " ").split() if word[0] == "?"})
    form = chance.randrange(5)
    chosen = chance.sample(variables, min(len(variables), chance.randrange(1, 4)))
    where = f"{{ {' '.join(body)} }}"
    if form == 0:
        key, *rest = chosen
        counts = itertools.count()
        asked = [f"(COUNT({chance.choice(['', 'DISTINCT '])}{name}) AS ?n{next(counts)})" for name in rest or ["?p"]]
        return f"{PREFIXES} SELECT {key} {' '.join(asked)} {where} GROUP BY {key} ORDER BY DESC(?n0) {key}"
    if form == 4:
        key, sums = chosen[0], ["(COUNT(*) AS ?all)"]
        sums += ["(SUM(?b) AS ?sum)", "(MAX(?b) AS ?most)"] if "?b" in variables else []
        sums += ["(MIN(?s) AS ?first)", "(MAX(?s) AS ?last)"] if "?s" in variables else []
        return f"{PREFIXES} SELECT {key} {' '.join(sums)} {where} GROUP BY {key}"
    if form == 1:
        return f"{PREFIXES} SELECT DISTINCT {' '.join(chosen)} {where} ORDER BY {' '.join(chosen)}"
    if form == 2:
        return f"{PREFIXES} SELECT {' '.join(chosen)} {where} ORDER BY {' '.join(chosen)} LIMIT 20 OFFSET 3"
    return f"{PREFIXES} SELECT {' '.join(chosen)} {where}"
