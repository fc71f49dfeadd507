"""Numbers and dates as readers of a language write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sundgraf.domain.terms import XSD, Literal, Term

_NUMBERS = frozenset(f"{XSD}{name}" for name in ("integer", "decimal", "double", "float"))
_MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"],
    "da": ["januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober",
           "november", "december"],
}  # fmt: skip
_PLAIN = re.compile(r"(-?\d+)(?:\.(\d+))?")
_DATE = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?(T\d\d:\d\d.*)?")


def is_number(term: object) -> bool:
    """Say whether a term is a number."""
    return isinstance(term, Literal) and term.datatype in _NUMBERS


def write_number(value: int | str, language: str) -> str:
    """Return a number with its thousands apart; what is no plain number stays as it is."""
    match = _PLAIN.fullmatch(str(value))
    if not match:
        return str(value)
    thousands, point = (".", ",") if language == "da" else (",", ".")
    whole = f"{int(match[1]):,}".replace(",", thousands)
    if match[1].startswith("-0"):
        whole = f"-{whole}"
    return f"{whole}{point}{match[2]}" if match[2] else whole


def write_date(text: str, language: str) -> str:
    """Return a month, a day or a time (in UTC); what is none of them, such as a year, stays as it is."""
    match = _DATE.fullmatch(text)
    if not match or not 0 < int(match[2]) < 13 or (match[4] and not match[3]):
        return text
    clock = ""
    if match[4]:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return text
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
        clock = f"{moment:, %H:%M UTC}" if moment.tzinfo else f"{moment:, %H:%M}"
        match = _DATE.fullmatch(f"{moment:%Y-%m-%d}") or match
    month = f"{_MONTHS[language][int(match[2]) - 1]} {match[1]}"
    return f"{int(match[3])}{'.' if language == 'da' else ''} {month}{clock}" if match[3] else month


def write_term(term: Term, language: str) -> str:
    """Return the text of a term: numbers and dates in the reader's form."""
    if not isinstance(term, Literal) or term.language:
        return str(term)
    return write_number(term.value, language) if is_number(term) else write_date(term.value, language)
