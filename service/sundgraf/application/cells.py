"""What a steward writes in a field becomes a value: numbers and dates as Danes and Britons write them, and names."""

from __future__ import annotations

import datetime as calendar
import difflib
import re
from collections.abc import Mapping

import pyoxigraph as ox

from sundgraf.application.fields import Field, in_both
from sundgraf.domain.names import BASE
from sundgraf.domain.terms import legal_iri

_XSD = "http://www.w3.org/2001/XMLSchema#"
_CONCEPT = f"{BASE}concept/"
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_IDENTIFIER = ox.NamedNode("http://purl.org/dc/terms/identifier")
_IN_SCHEME = ox.NamedNode("http://www.w3.org/2004/02/skos/core#inScheme")
_PREF_LABEL = ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
_ALT_LABEL = ox.NamedNode("http://www.w3.org/2004/02/skos/core#altLabel")
_CONCEPT_CLASS = "http://www.w3.org/2004/02/skos/core#Concept"
_SCHEME_CLASS = "http://www.w3.org/2004/02/skos/core#ConceptScheme"
_NAMES = tuple(
    ox.NamedNode(iri)
    for iri in (
        "http://purl.org/dc/terms/title",
        "http://www.w3.org/2004/02/skos/core#prefLabel",
        "http://xmlns.com/foaf/0.1/name",
        "http://www.w3.org/2004/02/skos/core#altLabel",
    )
)
_DATE = ox.NamedNode(f"{_XSD}date")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})|(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_MONTH = re.compile(r"(\d{4})-(\d{2})|(\d{1,2})[./-](\d{4})")
_YEAR = re.compile(r"\d{4}")
_MOST_ALLOWED = 60
_TRUE, _FALSE = {"true", "yes", "ja", "1", "sand"}, {"false", "no", "nej", "0", "falsk"}


class Unreadable(Exception):
    """A value that cannot be read; `english` and `danish` tell what to write, `nearest` what may have been meant.

    `allowed` is what may stand there, in English and Danish, where that is a short list.
    """

    def __init__(self, english: str, danish: str, nearest: str = "", allowed: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(english)
        self.english = english + (f" Did you mean {nearest}?" if nearest else "")
        self.danish = danish + (f" Mente du {nearest}?" if nearest else "")
        self.nearest = nearest
        self.allowed = allowed


class Vocabulary:
    """Finds what a name stands for: concepts and records of a published graph, and rows of the same document."""

    def __init__(self, base: ox.Store, rows: Mapping[str, str]) -> None:
        self.base = base
        self._rows = rows

    def concept(self, scheme: str, text: str) -> ox.NamedNode:
        """Return a concept by its notation, its label in Danish or English, or its IRI. Raises Unreadable."""
        if text.startswith(_CONCEPT) and legal_iri(text):
            return ox.NamedNode(text)
        if not scheme:
            return self._concept_of_any_scheme(text)
        named: dict[str, ox.NamedNode] = {}
        shown: dict[str, tuple[str, str]] = {}
        members = self.base.quads_for_pattern(None, _IN_SCHEME, ox.NamedNode(_CONCEPT + scheme), ox.DefaultGraph())
        for member in members:
            if isinstance(member.subject, ox.NamedNode):
                named[member.subject.value.rsplit("/", 1)[-1].lower()] = member.subject
                labels = self._labels(member.subject)
                for label in (*labels, *self._labels(member.subject, _ALT_LABEL)):
                    named.setdefault(label.lower(), member.subject)
                    shown[label.lower()] = labels
        found = named.get(text.lower().removeprefix(f"{scheme}/"))
        if found is None:
            near = difflib.get_close_matches(text.lower(), named, 1)
            raise Unreadable(
                f"{text!r} is not in the list; choose one of its values.",
                f"{text!r} står ikke på listen; vælg en af dens værdier.",
                next((said for said in shown.get(near[0], ()) if said.lower() == near[0]), near[0]) if near else "",
                tuple(sorted({said for said in shown.values() if said[0]}))[:_MOST_ALLOWED],
            )
        return found

    def _concept_of_any_scheme(self, text: str) -> ox.NamedNode:
        """Return a concept by scheme/notation, or by a label that one concept alone has. Raises Unreadable."""
        plain = text.removeprefix("concept/")
        if re.fullmatch(r"[a-z-]+/[a-z0-9.-]+", plain):
            return ox.NamedNode(_CONCEPT + plain)
        found = self._called(text, (_CONCEPT_CLASS,))
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(node.value.removeprefix(_CONCEPT) for node in found)
            raise Unreadable(f"{text!r} is in several lists; write which: {names}.",
                             f"{text!r} står på flere lister; skriv hvilken: {names}.")  # fmt: skip
        near = difflib.get_close_matches(text, self._names_of((_CONCEPT_CLASS,)), 1)
        raise Unreadable(f"No concept is called {text!r}; write its name as in the lists, or scheme/notation.",
                         f"Intet begreb hedder {text!r}; skriv navnet som på listerne, eller skema/notation.",
                         near[0] if near else "")  # fmt: skip

    def _labels(self, concept: ox.NamedNode, predicate: ox.NamedNode = _PREF_LABEL) -> tuple[str, str]:
        """Return what a concept is called in English and Danish."""
        quads = self.base.quads_for_pattern(concept, predicate, None, ox.DefaultGraph())
        return in_both(quad.object for quad in quads)

    def record(self, classes: tuple[str, ...], text: str) -> ox.NamedNode:
        """Return a record by IRI, identifier, the name of a row, or its exact name. Raises Unreadable."""
        if text in self._rows:
            return ox.NamedNode(self._rows[text])
        if text.startswith(("http://", "https://")) and legal_iri(text):
            return ox.NamedNode(text)
        if re.fullmatch(r"concept/[a-z-]+(/[a-z0-9.-]+)?", text):
            return ox.NamedNode(BASE + text)
        by_identifier = self.by_identifier(text) if re.fullmatch(r"[a-z]{1,4}-\d{4,}", text) else ""
        if by_identifier:
            return ox.NamedNode(by_identifier)
        scheme = ox.NamedNode(_CONCEPT + text) if re.fullmatch(r"[a-z-]+(/[a-z0-9.-]+)?", text) else None
        if scheme is not None and self._is_one(scheme, classes):
            return scheme
        found = self._called(text, classes)
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(node.value.rsplit("/", 1)[-1] for node in found[:5])
            raise Unreadable(f"{text!r} is the name of several records ({names}); write the identifier of one.",
                             f"{text!r} er navnet på flere poster ({names}); skriv identifikatoren på én.")  # fmt: skip
        names_of = self._names_of(classes)
        other_case = {name for name in names_of if name.casefold() == text.casefold()}
        if len(other_case) == 1 and text not in other_case:
            return self.record(classes, other_case.pop())
        near = difflib.get_close_matches(text, names_of, 1)
        raise Unreadable(f"No record is called {text!r}; write its name as it is here, or its identifier.",
                         f"Ingen post hedder {text!r}; skriv dens navn, som det står her, eller dens identifikator.",
                         near[0] if near else "")  # fmt: skip

    def name_in_lists(self, concept: ox.NamedNode, language: str) -> str:
        """Return what finds a concept or a scheme again: its label, where nothing else has it, else its notation."""
        label = self._labels(concept)[language == "da"]
        kind = _SCHEME_CLASS if self._is_one(concept, (_SCHEME_CLASS,)) else _CONCEPT_CLASS
        alone = bool(label) and self._called(label, (kind,)) == [concept]
        return label if alone else concept.value.removeprefix(_CONCEPT)

    def by_identifier(self, text: str) -> str:
        """Return the IRI of the record with an identifier such as "o-0012", "" where there is none."""
        for quad in self.base.quads_for_pattern(None, _IDENTIFIER, ox.Literal(text), ox.DefaultGraph()):
            if isinstance(quad.subject, ox.NamedNode):
                return quad.subject.value
        return ""

    def _called(self, text: str, classes: tuple[str, ...]) -> list[ox.NamedNode]:
        found: dict[ox.NamedNode, None] = {}
        for literal in (ox.Literal(text), ox.Literal(text, language="da"), ox.Literal(text, language="en")):
            for predicate in _NAMES:
                for quad in self.base.quads_for_pattern(None, predicate, literal, ox.DefaultGraph()):
                    if isinstance(quad.subject, ox.NamedNode) and self._is_one(quad.subject, classes):
                        found[quad.subject] = None
        return list(found)

    def _names_of(self, classes: tuple[str, ...]) -> list[str]:
        names = []
        for class_ in classes:
            for member in self.base.quads_for_pattern(None, _TYPE, ox.NamedNode(class_), ox.DefaultGraph()):
                for predicate in _NAMES[:3]:
                    for quad in self.base.quads_for_pattern(member.subject, predicate, None, ox.DefaultGraph()):
                        names.append(str(getattr(quad.object, "value", "")))
        return names[:20_000]

    def _is_one(self, node: ox.NamedNode, classes: tuple[str, ...]) -> bool:
        return any(ox.Quad(node, _TYPE, ox.NamedNode(class_)) in self.base for class_ in classes)


def literal_of(wanted: Field, text: str, language: str, vocabulary: Vocabulary) -> ox.NamedNode | ox.Literal:
    """Return the value that a cell of a field holds. Raises Unreadable."""
    if text.startswith("="):
        raise Unreadable("This is a formula; write the value itself.", "Det er en formel; skriv selve værdien.")
    if wanted.kind == "text":
        return ox.Literal(text, language=language)
    if wanted.kind == "concept":
        return vocabulary.concept(wanted.scheme, text)
    if wanted.kind == "reference":
        return vocabulary.record(wanted.classes, text)
    if wanted.kind == "iri":
        if not legal_iri(text):
            raise Unreadable(
                "Write an address that begins with https://.", "Skriv en adresse, der begynder med https://."
            )
        return ox.NamedNode(text)
    if wanted.kind in ("integer", "decimal"):
        return _number(text, wanted.kind)
    if wanted.kind == "boolean":
        if text.lower() not in _TRUE | _FALSE:
            raise Unreadable("Write yes or no.", "Skriv ja eller nej.")
        return ox.Literal(text.lower() in _TRUE)
    if wanted.kind == "date":
        return _date(text)
    if wanted.kind == "uri":
        return ox.Literal(text, datatype=ox.NamedNode(f"{_XSD}anyURI"))
    return ox.Literal(text)


def _number(text: str, kind: str) -> ox.Literal:
    plain = text.replace("\xa0", "").replace(" ", "")
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", plain):  # 0,912 can be read in one way only
        whole, english, danish = (
            re.sub(r"[.,]", "", plain),
            f"{plain.replace(',', '.')}0",
            f"{plain.replace('.', ',')}0",
        )
        fraction = (
            (f", or {english} for a fraction", f", eller {danish} for et decimaltal") if kind == "decimal" else ("", "")
        )
        raise Unreadable(
            f"{text!r} can be read in two ways; write {whole}{fraction[0]}.",
            f"{text!r} kan læses på to måder; skriv {whole}{fraction[1]}.",
        )
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?", plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    else:
        plain = plain.replace(",", ".")
    if re.fullmatch(r"[+-]?\d{1,18}", plain):
        return ox.Literal(str(int(plain)), datatype=ox.NamedNode(f"{_XSD}integer"))
    if kind == "decimal" and re.fullmatch(r"[+-]?\d{1,18}\.\d{1,18}", plain):
        return ox.Literal(plain.rstrip("0").removesuffix("."), datatype=ox.NamedNode(f"{_XSD}decimal"))
    raise Unreadable(f"{text!r} is no number.", f"{text!r} er intet tal.")


def _date(text: str) -> ox.Literal:
    text = re.sub(r"(?<=-\d\d)T\d\d:.*", "", text)  # a time of day that a workbook keeps and does not show
    if day := _DAY.fullmatch(text):
        year, month, date = (day[1], day[2], day[3]) if day[1] else (day[6], day[5], day[4])
        if int(month) > 12 >= int(date):
            raise Unreadable(f"{text!r} looks like month/day/year; write year-month-day.",
                             f"{text!r} ligner måned/dag/år; skriv år-måned-dag.")  # fmt: skip
        try:
            return ox.Literal(calendar.date(int(year), int(month), int(date)).isoformat(), datatype=_DATE)
        except ValueError as error:
            raise Unreadable(f"There is no such day as {text!r}.", f"Der er ingen dag {text!r}.") from error
    if month_of := _MONTH.fullmatch(text):
        year, month = (month_of[1], month_of[2]) if month_of[1] else (month_of[4], month_of[3])
        if not 1 <= int(month) <= 12:
            raise Unreadable(f"There is no such month as {text!r}.", f"Der er ingen måned {text!r}.")
        return ox.Literal(f"{year}-{int(month):02d}", datatype=ox.NamedNode(f"{_XSD}gYearMonth"))
    if _YEAR.fullmatch(text):
        return ox.Literal(text, datatype=ox.NamedNode(f"{_XSD}gYear"))
    counted = calendar.date(1899, 12, 30) + calendar.timedelta(int(text)) if re.fullmatch(r"[2-6]\d{4}", text) else None
    raise Unreadable(
        f"{text!r} is no date; write 2026-11-21, 2026-11 or 2026.",
        f"{text!r} er ingen dato; skriv 2026-11-21, 2026-11 eller 2026.",
        counted.isoformat() if counted else "",  # Excel counts days from there
    )
