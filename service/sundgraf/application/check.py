"""Check the rooms: syntax, form, shapes, stored checks and literals; say what to mend, with file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.format_files import format_files
from sundgraf.application.load import fill_with_rooms, room_files
from sundgraf.application.query import select
from sundgraf.domain.errors import BadInput, SundgrafError
from sundgraf.domain.question import Question, parse_question
from sundgraf.domain.report import Finding
from sundgraf.domain.terms import Literal
from sundgraf.store.base import Publication
from sundgraf.store.direct import DirectStore, syntax_fault
from sundgraf.store.load import parse_file, read_store
from sundgraf.store.shacl import validate
from sundgraf.store.written import kept_form

STEPS = ("syntax", "form", "literals", "questions", "checks", "shapes")
_LONGEST_QUERY = 60  # lines


async def check_rooms(root: Path, step: Callable[[str], object] = lambda _: None) -> list[Finding]:
    """Return all findings, by file and line. `step` is told the name of each step as it begins."""
    step("syntax")
    findings = _syntax(root)
    if findings:
        return findings
    lines = _Lines(root)
    step("form")
    changed = format_files(
        [p for p in (root / "ontology", root / "shapes", root / "data" / "ttl") if p.is_dir()], check=True
    )
    findings += [
        Finding(_short(root, path), 1, "", "form", "Run `sundgraf fmt`.", "Kør `sundgraf fmt`.") for path in changed
    ]
    step("literals")
    findings += _literals(root)
    step("questions")
    wrong = _questions(root)
    findings += wrong
    if any(finding.english.startswith("The query is not") for finding in wrong):
        return sorted(findings)
    step("checks")
    store = ox.Store()
    fill_with_rooms(store, root)
    findings += await _stored_checks(root, store, lines)
    step("shapes")
    findings += _shapes(root, lines)
    return sorted(findings)


def _syntax(root: Path) -> list[Finding]:
    findings = []
    for file in room_files(root):
        try:
            parse_file(file.path)
        except SundgrafError as error:
            line = getattr(error, "line", None) or 0
            findings.append(Finding(_short(root, file.path), line, "", "syntax", str(error)))
    return findings


def _literals(root: Path) -> list[Finding]:
    """A literal that the store would change is written as the store keeps it, so that readers get it as written."""
    findings = []
    for file in room_files(root):
        for quad in parse_file(file.path):
            if not isinstance(quad.object, ox.Literal):
                continue
            kept = kept_form(quad.object)
            if kept != quad.object:
                text = f"Write {kept} in place of {quad.object}; the store keeps it so."
                danish = f"Skriv {kept} i stedet for {quad.object}; sådan gemmes det."
                line = _line_of(file.path, quad.object.value)
                findings.append(Finding(_short(root, file.path), line, str(quad.subject), "literal", text, danish))
    return findings


def _questions(root: Path) -> list[Finding]:
    findings = []
    for path in sorted((root / "queries").rglob("*.rq")):
        name = _short(root, path)
        source = path.read_text("utf-8")
        try:
            question = parse_question(path.stem, source)
        except BadInput as error:
            findings.append(Finding(name, 1, "", "question", str(error)))
            continue
        fault = syntax_fault(question.text)
        if fault:
            findings.append(Finding(name, 1, "", "question", f"The query is not SPARQL: {fault}"))
            continue
        findings += [Finding(name, 1, "", "question", text) for text in _faults_of(question, path.parent.name, source)]
    return findings


def _faults_of(question: Question, kind: str, source: str) -> Iterable[str]:
    for language in ("en", "da"):
        if not question.summary.get(language, "").endswith("?"):
            yield f"summary.{language} is a question and ends in '?'."
        if kind == "ask" and not question.description.get(language):
            yield f"Add description.{language}."
        if kind == "ask" and not question.empty.get(language):
            yield f"Add empty.{language}: what an empty answer means."
    if len(source.splitlines()) > _LONGEST_QUERY:
        yield f"A query has at most {_LONGEST_QUERY} lines."
    if kind in ("ask", "check") and "ORDER BY" not in question.text:
        yield "Add ORDER BY over everything that tells rows apart."
    for parameter in question.parameters:
        if f"?{parameter.name}" not in question.text:
            yield f"The parameter {parameter.name!r} is not a variable of the query."
        shown = parameter.example or parameter.default or (parameter.optional and question.examples())
        if kind == "ask" and not shown:
            yield f"Give the parameter {parameter.name!r} an example that has rows."


async def _stored_checks(root: Path, store: ox.Store, lines: _Lines) -> list[Finding]:
    findings = []
    direct = DirectStore(store, Publication(0, ""))
    for path in sorted((root / "queries" / "check").glob("*.rq")):
        question = parse_question(path.stem, path.read_text("utf-8"))
        for row in await select(direct, question.text):
            subject = str(row["subject"])
            message = row.get("message", Literal(question.summary["en"]))
            file, line = lines.where(subject)
            danish = f"{question.summary['da']} {message}"
            findings.append(Finding(file, line, subject, path.stem, str(message), danish))
    return findings


def _shapes(root: Path, lines: _Lines) -> list[Finding]:
    data = read_store(file.path for file in room_files(root) if not file.shapes)
    shapes = read_store(file.path for file in room_files(root) if file.shapes)
    findings = []
    for result in validate(data, shapes):
        file, line = lines.where(result.focus)
        about = f"{result.focus} {result.path}".strip()
        value = f" ({result.value!r})" if result.value else ""
        findings.append(
            Finding(
                file, line, about, result.shape.rsplit("/", 1)[-1], result.messages.get("en", "") + value,
                result.messages.get("da", "") + value if "da" in result.messages else "", result.severity,
            )
        )  # fmt: skip
    return findings


class _Lines:
    """Knows in which file, and on which line, a subject begins."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._places: dict[str, tuple[str, int]] = {}
        for file in room_files(root):
            text = file.path.read_text("utf-8").splitlines()
            prefixes = dict(_prefix(line) for line in text if line.startswith("@prefix "))
            for number, line in enumerate(text, 1):
                if line[:1] in ("", " ", "@", "#", "]"):
                    continue
                word = line.split(" ", 1)[0]
                name, _, local = word.partition(":")
                iri = word[1:-1] if word.startswith("<") else prefixes.get(name, "") + local
                self._places.setdefault(iri, (_short(root, file.path), number))

    def where(self, subject: str) -> tuple[str, int]:
        """Return file and line; the data room and 0 for what no file begins a block with."""
        return self._places.get(subject, ("data/ttl", 0))


def _prefix(line: str) -> tuple[str, str]:
    _, name, iri, *_ = line.split()
    return name.rstrip(":"), iri.strip("<>")


def _line_of(path: Path, text: str) -> int:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if text in line:
            return number
    return 0


def _short(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
