"""What the service says of itself is what it holds: VoID, linksets, mapping sets, and the redirects of its base."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

VOID = "http://rdfs.org/ns/void#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
AARHUS = "https://ror.org/040r8fr65"
W3ID = Path(__file__).resolve().parent.parent / "docs" / "w3id"


@pytest.fixture(scope="module")
def void(server) -> ox.Store:
    store = ox.Store()
    answer = httpx.get(f"{server.url}/.well-known/void", headers={"Accept": "text/turtle"}, timeout=60)
    store.load(answer.content, ox.RdfFormat.TURTLE)
    return store


def ask(server, query: str) -> list[dict[str, str]]:
    answer = httpx.get(server.sparql, params={"query": query}, headers={"Accept": "application/sparql-results+json"})
    return [{name: cell["value"] for name, cell in row.items()} for row in answer.json()["results"]["bindings"]]


def test_partitions_are_the_graphs_own(server, void):
    rows = void.query(
        f"""SELECT ?class ?property ?n ?subjects {{
            ?dataset <{VOID}classPartition> [ <{VOID}class> ?class ; <{VOID}propertyPartition> ?part ] .
            ?part <{VOID}property> ?property ; <{VOID}triples> ?n ; <{VOID}distinctSubjects> ?subjects }}"""
    )
    said = {(r["class"].value, r["property"].value): (r["n"].value, r["subjects"].value) for r in rows}
    found = ask(
        server,
        "SELECT ?c ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?m) { ?s a ?c ; ?p ?o FILTER ISIRI(?c) } GROUP BY ?c ?p",
    )
    assert said == {(row["c"], row["p"]): (row["n"], row["m"]) for row in found}
    whole = void.query(
        f"SELECT (COUNT(?p) AS ?n) {{ <https://w3id.org/sundgraf/dataset> <{VOID}propertyPartition> ?p }}"
    )
    properties = ask(server, "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?s ?p ?o }")
    assert next(iter(whole))["n"].value == properties[0]["n"]


def test_linkset_of_a_partner_counts_its_links(server, void):
    rows = void.query(
        f"""SELECT ?n {{ ?set a <{VOID}Linkset> ; <{VOID}objectsTarget> <https://ror.org/> ; <{VOID}triples> ?n ;
            <{VOID}linkPredicate> <{SKOS}exactMatch> }}"""
    )
    found = ask(
        server,
        f'SELECT (COUNT(*) AS ?n) {{ ?s <{SKOS}exactMatch> ?o FILTER STRSTARTS(STR(?o), "https://ror.org/") }}',
    )
    assert [row["n"].value for row in rows] == [found[0]["n"]]


def test_partner_asks_which_of_ours_is_theirs(server):
    answer = httpx.get(f"{server.url}/mappings/ror", params={"id": AARHUS}, headers={"Accept": "application/json"})
    (one,) = answer.json()["correspondences"]
    assert one["theirs"] == AARHUS
    assert one["relation"] == f"{SKOS}exactMatch"
    assert "Aarhus" in one["label"]
    assert all(by.startswith("https://w3id.org/sundgraf/graph/") for by in one["saidBy"])
    assert one["saidBy"]


def test_mapping_set_says_how_sure_and_who_says_so(server):
    rows = httpx.get(f"{server.url}/mappings/dpv?format=json").json()["correspondences"]
    assert {row["confidence"] for row in rows} >= {0.8, 0.7}
    assert all(row["saidBy"] and (row["comment"] or row["confidence"] is None) for row in rows)
    assert "rdfs literal" in httpx.get(f"{server.url}/mappings/pstw.sssom.tsv").text


@pytest.mark.parametrize("name", ["ror", "dpv", "pstw"])
def test_download_is_sssom(server, name):
    answer = httpx.get(f"{server.url}/mappings/{name}.sssom.tsv")
    assert answer.headers["content-type"].startswith("text/tab-separated-values")
    head = [line for line in answer.text.splitlines() if line.startswith("#")]
    assert f'#mapping_set_id: "https://w3id.org/sundgraf/mappings/{name}"' in head
    rows = list(csv.DictReader((x for x in answer.text.splitlines() if not x.startswith("#")), delimiter="\t"))
    assert len(rows) > 5
    assert all(row["subject_id"] and row["predicate_id"] and row["mapping_justification"] for row in rows)
    assert all(row["object_id"] or row["object_type"] for row in rows)


def test_unknown_partner_is_404_that_names_those_there_are(server):
    answer = httpx.get(f"{server.url}/mappings/nobody", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert "wikidata" in answer.json()["detail"]


def test_folder_for_w3id_is_filled_in_from_one_place_and_leads_to_the_same_paths_here(server, tmp_path):
    values, folder = tmp_path / "host.txt", tmp_path / "sundgraf"
    command = [sys.executable, str(W3ID / "fill.py"), "--values", str(values), "--to", str(folder), "--ask"]
    values.write_text((W3ID / "host.txt").read_text("utf-8"), "utf-8")
    unfilled = subprocess.run(command, capture_output=True, text=True, check=False)
    assert unfilled.returncode == 1
    assert unfilled.stderr.count("placeholder") == 3
    assert not folder.exists()
    values.write_text(f"host = {server.url}\nrepository = https://git.test/x\naccount = an-organisation\n", "utf-8")
    filled = subprocess.run(command, capture_output=True, text=True, check=False)
    assert filled.returncode == 0, filled.stderr
    rules = (folder / ".htaccess").read_text("utf-8")
    assert f"RewriteRule ^(.*)$ {server.url}/$1 [R=302,L,NE,QSA]" in rules
    assert "@an-organisation" in (folder / "README.md").read_text("utf-8")
    assert "{" not in (folder / "README.md").read_text("utf-8")
