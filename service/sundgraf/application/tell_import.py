"""Say in words what an import came to: for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sundgraf.domain.readable import write_number
from sundgraf.domain.terms import last_part

_SHOWN = 20
_WORDS = {
    "rows": ("rows", "rækker"), "notSelected": ("not about health", "ikke om sundhed"),
    "rejected": ("rejected", "afvist"), "records": ("brought in", "indlæst"), "added": ("new", "nye"),
    "changed": ("changed", "ændret"), "unchanged": ("as before", "som før"), "gone": ("gone", "forsvundet"),
    "withdrawn": ("withdrawn", "trukket tilbage"),
    "alike": ("perhaps there already", "måske allerede her"), "recoded": ("values recoded", "værdier omkodet"),
    "notRecoded": ("values not recoded", "værdier ikke omkodet"),
}  # fmt: skip


def words_of_counts(language: str) -> dict[str, str]:
    """Return what the counts of a report are called."""
    return {name: words[language == "da"] for name, words in _WORDS.items()}


def say_import(report: Mapping[str, Any], language: str) -> str:
    """Return a report (as ImportReport.as_mapping gives it) as text, long lists cut."""
    return "\n".join(_lines(report, language)) + "\n"


def _lines(report: Mapping[str, Any], language: str) -> Iterator[str]:
    danish = language == "da"

    def t(english: str, other: str) -> str:
        return other if danish else english

    yield report["title"][language]
    words = words_of_counts(language)
    yield ", ".join(f"{write_number(count, language)} {words[name]}" for name, count in report["counts"].items())
    yield t("Brought in: ", "Indlæses: ") + report["selection"][language]
    for remark in report["remarks"]:
        yield f"! {remark[language]}"
    yield from _section(
        t("Recodings (column: original -> new, rule, count)", "Omkodninger (kolonne: oprindelig -> ny, regel, antal)"),
        [f"{one['column']}: {one['original']} -> {one['new'] or t('NOT RECODED', 'IKKE OMKODET')} "
         f"[{one['rule']}] {one['count']}" for one in report["recodings"]], language,
    )  # fmt: skip
    yield from _section(
        t("Rejected rows", "Afviste rækker"),
        [f"{one['file']}:{one['line']} {one['key']}: " + "; ".join(r[language] for r in one["reasons"])
         for one in report["rejected"]], language,
    )  # fmt: skip
    yield from _section(
        t("Perhaps there already", "Måske allerede her"),
        [f"{one['key']} {one['name']}: {one['how'][language]} {one['other']}" for one in report["alike"]], language,
    )  # fmt: skip
    yield from _section(t("New", "Nye"), [f"{one['key']} {one['name']}" for one in report["added"]], language)
    yield from _section(
        t("Changed", "Ændret"),
        [f"{one['key']} {one['name']}: " + "; ".join(f"{last_part(line['property'])}: {line['before'] or '-'} -> "
         f"{line['after'] or '-'}" for line in one["lines"]) for one in report["changed"]], language,
    )  # fmt: skip
    yield from _section(
        t("Gone from this edition", "Forsvundet fra denne udgave"),
        [f"{one['record']} {one['name']}: {one['why'][language]} "
         + (t("Withdrawn.", "Trækkes tilbage.") if one["withdrawn"] else t("Stays.", "Bliver."))
         + (f" {one['kept'][language]}" if one["kept"][language] else "") for one in report["gone"]], language,
    )  # fmt: skip


def _section(title: str, lines: Sequence[str], language: str) -> Iterator[str]:
    if lines:
        yield f"\n{title}: " + write_number(len(lines), language)
        yield from (f"  {line}" for line in lines[:_SHOWN])
        if len(lines) > _SHOWN:
            more = write_number(len(lines) - _SHOWN, language)
            yield f"  ... og {more} til" if language == "da" else f"  ... and {more} more"
