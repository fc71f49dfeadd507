"""What somebody may have meant who asked for an address that is not there."""

from __future__ import annotations

import difflib
import re
from urllib.parse import unquote

from sundgraf.application.vocabulary import read_vocabulary
from sundgraf.domain.finder import Finder
from sundgraf.domain.names import BASE
from sundgraf.http.context import Context
from sundgraf.http.pages import words_of

MOST = 6
_PAGES = {
    "/catalogue": ("Catalogue", "Katalog"), "/ask": ("Questions", "Spørgsmål"), "/sparql": ("SPARQL", "SPARQL"),
    "/search": ("Search", "Søg"), "/def/": ("Classes and properties", "Klasser og egenskaber"),
    "/concept/": ("Concepts", "Begreber"), "/shape/": ("Shapes", "Former"),
    "/report": ("Completeness", "Fuldstændighed"),
    "/publications": ("Publications", "Udgivelser"), "/submit": ("Send in", "Send ind"),
    "/validate": ("Validate", "Efterprøv"), "/templates": ("Sheets to fill in", "Ark til udfyldning"),
    "/solutions": ("Solutions", "Løsninger"), "/pictures": ("Pictures", "Billeder"),
}  # fmt: skip


def find_near(context: Context, path: str, language: str) -> list[tuple[str, str]]:
    """Return (name, path) of pages, questions, terms and things that are like a path; it never waits for the store."""
    danish = language == "da"
    known = {address: labels[danish] for address, labels in _PAGES.items()}
    known |= {f"/ask/{name}": question.summary[language] for name, question in context.questions.items()}
    vocabulary = read_vocabulary(context.bundle.root)
    for iri in (*vocabulary.classes, *vocabulary.properties, *vocabulary.schemes, *vocabulary.node_shapes()):
        if iri.startswith(BASE):
            known[iri.removeprefix(BASE[:-1])] = vocabulary.label(iri, language)
    for scheme in vocabulary.schemes.values():
        for branch in scheme.trees:
            known[branch.term.iri.removeprefix(BASE[:-1])] = vocabulary.label(branch.term.iri, language)
    asked = unquote(path).rstrip("/")[:200]
    by_case = {address.rstrip("/").casefold(): address for address in known}
    found = [by_case[near] for near in difflib.get_close_matches(asked.casefold(), by_case, 3, 0.75)]
    near = [(known[address], address) for address in found]
    held = context.memory.get("finder")
    words = words_of(path)
    if held is not None and isinstance(held[1], Finder) and re.search(r"[^\W\d]{3}", words):
        for hit in held[1].find(words, (), language, MOST):
            near.append((hit.name, hit.iri.removeprefix(BASE[:-1]).replace("/id/", "/doc/", 1)))
    return list(dict.fromkeys(near))[:MOST]
