"""The pages about terms: made from the files, at the terms' own addresses, in both languages."""

from __future__ import annotations

import html
import re
from pathlib import Path

import httpx
import pytest

from sundgraf.application.shape_words import tell_shape
from sundgraf.application.vocabulary import BASE, read_vocabulary

ROOT = Path(__file__).resolve().parent.parent
KNOWN = read_vocabulary(ROOT)
HTML = {"Accept": "text/html"}


def page_of(server, path: str, language: str) -> str:
    answer = httpx.get(server.url + path, params={"lang": language}, headers=HTML, timeout=60)
    assert answer.status_code == 200, path
    return html.unescape(answer.text)


@pytest.mark.parametrize("language", ["da", "en"])
def test_ontology_lists_every_class_and_property_with_its_definition(server, language):
    page = page_of(server, "/def/", language)
    for term in [*KNOWN.classes.values(), *KNOWN.properties.values()]:
        assert f'href="/def/{term.name}?lang={language}">{term.label[language]}</a>' in page
        assert term.definition[language] in page


def test_every_term_has_a_page_of_its_own(server):
    for term in [*KNOWN.classes.values(), *KNOWN.properties.values()]:
        assert f"<h1>{term.label['da']}</h1>" in page_of(server, f"/def/{term.name}", "da")


@pytest.mark.parametrize("language", ["da", "en"])
def test_concept_scheme_is_a_tree_with_all_its_concepts(server, language):
    assert all(
        f'href="{iri.removeprefix(BASE[:-1])}?lang' in page_of(server, "/concept/", "da") for iri in KNOWN.schemes
    )
    page = page_of(server, "/concept/use-case", language)
    linked = set(re.findall(r'href="(/concept/use-case/[^?"]+)', page))
    assert len(linked) == KNOWN.schemes[f"{BASE}concept/use-case"].size > 100
    assert re.search(r"Billeddiagnostik.*?<ul>.*?Opsporing af", page, re.DOTALL) or language == "en"


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_shape_is_told_in_words(language):
    told = [tell_shape(KNOWN, iri, language) for iri in KNOWN.node_shapes()]
    assert len(told) > 60
    for shape in told:
        for rule in shape.rules:
            assert rule.path, shape.iri
            assert rule.message, rule.iri
            assert "…" not in rule.values, rule.iri


def test_shape_says_how_many_and_what(server):
    page = page_of(server, "/shape/Project", "da")
    row = re.search(r"<tr><th[^>]*>(?:(?!</tr>).)*>nøgle<.*?</tr>", page, re.DOTALL)[0]
    assert "netop 1" in row
    assert "en tekst; skrevet som" in row
    assert "/shape/Project-identifier?" in row
    assert "sh:" not in page.split("<main")[1]
    assert "/shape/Project?lang=da" in page_of(server, "/shape/", "da")


def test_class_counts_its_things_and_leads_to_them(server):
    page = page_of(server, "/def/Solution", "en")
    assert re.search(r"<td>38 · <a", page)
    link = re.search(r'href="(/sparql\?[^"]+)">see them', page)[1]
    answer = httpx.get(server.url + link, headers=HTML)
    assert answer.text.count('href="/doc/solution/') == 38


def test_overviews_are_found_without_their_slash(server):
    for room in ("concept", "shape", "def"):
        answer = httpx.get(f"{server.url}/{room}")
        assert (answer.status_code, answer.headers["location"]) == (301, f"/{room}/")
