"""What rules make of a graph, and make anew after a change."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from sundgraf.application.load import derive_again, fill_with_rooms
from sundgraf.domain.question import parse_question
from sundgraf.store import derived
from sundgraf.store.derived import derive, derive_first, properties_of

ROOT = Path(__file__).resolve().parent.parent
A, B, C = (ox.NamedNode(f"https://example.org/{name}") for name in "abc")
ABOVE, UNDER = ox.NamedNode("https://example.org/above"), ox.NamedNode("https://example.org/under")
STATED = ox.NamedNode("https://example.org/graph")
RULES = [
    ("10-under", "CONSTRUCT { ?b <https://example.org/under> ?a } WHERE { ?a <https://example.org/above> ?b }"),
    ("20-two", "CONSTRUCT { ?c <https://example.org/two> ?a } WHERE { ?c <https://example.org/under>/"
               "<https://example.org/under> ?a }"),
]  # fmt: skip


def state(store: ox.Store, *triples: ox.Triple) -> None:
    """Say triples in a named graph, and in the default graph as all that is loaded."""
    store.extend(ox.Quad(t.subject, t.predicate, t.object, STATED) for t in triples)
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)


def take_back(store: ox.Store, triple: ox.Triple) -> None:
    for quad in list(store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)):
        store.remove(quad)


def statements(store: ox.Store) -> set[ox.Quad]:
    return set(store.quads_for_pattern(None, None, None, None))


@pytest.fixture(params=["all of it is read", "what rules name is read", "too many to copy"])
def way(request, monkeypatch):
    """Each way in which a store of some size is brought up to date."""
    if request.param != "all of it is read":
        monkeypatch.setattr(derived, "_MANY_READ", 0)
    if request.param == "too many to copy":
        monkeypatch.setattr(derived, "_MOST_COPIED", 0)


def test_change_leaves_what_deriving_all_anew_would_make(way):
    changed, anew = ox.Store(), ox.Store()
    state(changed, ox.Triple(A, ABOVE, B), ox.Triple(B, ABOVE, C))
    derive_first(changed, RULES)
    assert ox.Quad(C, ox.NamedNode("https://example.org/two"), A) in changed
    take_back(changed, ox.Triple(A, ABOVE, B))
    state(changed, ox.Triple(C, ABOVE, A))
    derive(changed, RULES)
    state(anew, ox.Triple(B, ABOVE, C), ox.Triple(C, ABOVE, A))
    derive_first(anew, RULES)
    assert statements(changed) == statements(anew)
    assert ox.Quad(A, ox.NamedNode("https://example.org/two"), B) in changed


def test_what_somebody_states_too_stays_when_no_rule_makes_it_any_more(way):
    store = ox.Store()
    state(store, ox.Triple(A, ABOVE, B))
    derive_first(store, RULES)
    state(store, ox.Triple(B, UNDER, A))
    take_back(store, ox.Triple(A, ABOVE, B))
    derive(store, RULES)
    assert ox.Quad(B, UNDER, A) in store
    assert ox.Quad(B, UNDER, A, STATED) in store
    assert not [g for g in store.named_graphs() if "10-under" in g.value and ox.Quad(B, UNDER, A, g) in store]


def test_our_graph_stays_as_it_is_where_nothing_changed(way):
    store = ox.Store()
    fill_with_rooms(store, ROOT)
    before = statements(store)
    derive_again(store, ROOT)
    assert statements(store) == before


def test_our_rules_name_their_properties():
    texts = [parse_question(path.stem, path.read_text("utf-8")).text for path in (ROOT / "queries/derive").glob("*.rq")]
    found = properties_of(texts)
    assert found is not None
    assert "https://w3id.org/sundgraf/def/sharesUseCaseWith" in found
    assert "https://w3id.org/sundgraf/def/nationalPartOf" in found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("?a <x:p> ?b", {"x:p"}),
        ("?a <x:p> ?b ; <x:q> 1, 2 . ?b <x:r> ?c", {"x:p", "x:q", "x:r"}),
        ("?a <x:p>|<x:q>/^<x:r>+ ?b", {"x:p", "x:q", "x:r"}),
        ("?a <x:p> ?b FILTER NOT EXISTS { ?a <x:q>/<x:r>* ?c . ?c <x:s> 1 }", {"x:p", "x:q", "x:r", "x:s"}),
        ("?a <x:p> ?b OPTIONAL { SELECT ?a { { ?a <x:q> ?c } UNION { ?a <x:r>? 1 } MINUS { ?a <x:s> 2 } } }",
         {"x:p", "x:q", "x:r", "x:s"}),
        ("?a <x:p> ?b BIND(EXISTS { ?a <x:q> ?c } AS ?d)", {"x:p", "x:q"}),
        ("?a ?p ?b", None),
        ("?a !<x:p> ?b", None),
        ("?a <x:p> ?b FILTER EXISTS { ?a <x:q>/(!<x:r>) ?c }", None),
        ("?a <x:p> ?b FILTER EXISTS { ?a <x:q> 1 ; ?c 2 }", None),
    ],
)  # fmt: skip
def test_properties_that_a_query_reads(where, found):
    assert properties_of([f"CONSTRUCT {{ ?a <x:made> ?b }} WHERE {{ {where} }}"]) == (found and found | {"x:made"})


def test_property_that_a_query_makes_can_be_any():
    assert properties_of(["CONSTRUCT { ?a ?p ?b } WHERE { ?a <x:p> ?b BIND(<x:q> AS ?p) }"]) is None
