"""Check the rooms: syntax, form, shapes, stored checks and literals; say what to mend, with file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.format_files import first_change, format_files
from sundgraf.application.load import fill_with_rooms, room_files
from sundgraf.application.query import select
from sundgraf.domain.errors import BadInput, SundgrafError
from sundgraf.domain.question import Question, parse_question
from sundgraf.domain.report import Finding
from sundgraf.domain.sparql import read
from sundgraf.domain.terms import Literal
from sundgraf.store.base import Publication
from sundgraf.store.direct import DirectStore, syntax_fault
from sundgraf.store.load import parse_file, read_store
from sundgraf.store.shacl import validate
from sundgraf.store.whereabouts import Whereabouts
from sundgraf.store.written import kept_form

STEPS = ("syntax", "form", "literals", "questions", "checks", "shapes")
_LONGEST_QUERY = 60  # lines
_UNUSABLE = "query"  # the rule of findings about queries that cannot be run, so that no more can be checked


async def check_rooms(root: Path, step: Callable[[str], object] = lambda _: None) -> list[Finding]:
    """Return all findings, by file and line. `step` is told the name of each step as it begins."""
    step("syntax")
    findings = _syntax(root)
    if findings:
        return findings
    lines = Whereabouts({_short(root, file.path): file.path for file in room_files(root)})
    step("form")
    changed = format_files(
        [p for p in (root / "ontology", root / "shapes", root / "data" / "ttl") if p.is_dir()], check=True
    )
    findings += [
        Finding(_short(root, path), first_change(path), "", "form", "Run `sundgraf fmt`.", "Kør `sundgraf fmt`.")
        for path in changed
    ]
    step("literals")
    findings += _literals(root)
    step("questions")
    wrong = _questions(root)
    findings += wrong
    if any(finding.rule == _UNUSABLE for finding in wrong):
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
            line, column = (getattr(error, name, None) or 0 for name in ("line", "column"))
            text = str(error).removeprefix(f"{file.path}:{line or '?'}:{column or '?'}: ")
            findings.append(Finding(_short(root, file.path), line, "", "syntax", text, column=column))
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
        try:
            source = path.read_text("utf-8")
            question = parse_question(path.stem, source)
            fault = _unusable(question, path.parent.name)
        except (BadInput, UnicodeDecodeError) as error:
            fault = str(error).removeprefix(f"{path.stem}.rq: ")
        if fault:
            findings.append(Finding(name, 1, "", _UNUSABLE, fault))
            continue
        findings += [Finding(name, 1, "", "question", text) for text in _faults_of(question, path.parent.name, source)]
    return findings


def _unusable(question: Question, kind: str) -> str:
    """Return why a stored query cannot be run at all as what it is, "" where it can."""
    fault = syntax_fault(question.text)
    if fault:
        return f"The query is not SPARQL: {fault}"
    form = read(question.text).form
    if kind == "derive" and form != "CONSTRUCT":
        return f"A rule is no {form} query; write it as a CONSTRUCT."
    if kind == "check" and (form != "SELECT" or "?subject" not in question.text.partition("WHERE")[0]):
        return "A check is a SELECT query with the variable ?subject: the thing to mend."
    return ""


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


async def _stored_checks(root: Path, store: ox.Store, lines: Whereabouts) -> list[Finding]:
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


def _shapes(root: Path, lines: Whereabouts) -> list[Finding]:
    data = read_store(file.path for file in room_files(root) if not file.shapes)
    shapes = read_store(file.path for file in room_files(root) if file.shapes)
    findings = []
    for result in validate(data, shapes):
        property = result.path if ":" in result.path else ""  # a path that is not one property has no name
        file, line = lines.where(result.focus, property, result.value)
        about = f"{result.focus} {property}".strip()
        value = f" ({result.value!r})" if result.value else ""
        findings.append(
            Finding(
                file, line, about, result.shape.rsplit("/", 1)[-1], result.messages.get("en", "") + value,
                result.messages.get("da", "") + value if "da" in result.messages else "", result.severity,
            )
        )  # fmt: skip
    return findings


def _line_of(path: Path, text: str) -> int:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if text in line:
            return number
    return 0


def _short(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
