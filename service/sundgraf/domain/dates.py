"""Dates as registers write them: days, months and years in two dozen spellings, read by a declared order."""

from __future__ import annotations

import re
from datetime import date, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DUTCH = {"maa": 3, "mrt": 3, "mei": 5, "okt": 10, "maj": 5}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_ISO_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[/.-](\d{4})")
_NUMBERS = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{2}|\d{4})(?:\s.*)?")
_YEAR = re.compile(r"(?:fy|fiscal year|cy)?\s*((?:19|20)\d\d)", re.IGNORECASE)
_QUARTER = re.compile(r"(?:q[1-4]\D{0,3}((?:19|20)\d\d)|((?:19|20)\d\d)\D{0,3}q[1-4])", re.IGNORECASE)
_WORDS = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?\.?\s+)?([a-z]{3,10})\.?\s*(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?,?\s*(\d{4})"
)
_SHORT_YEAR = re.compile(r"([a-z]{3,9})\.?\s?[-’']\s?(\d\d)")  # Jan-25, as Excel writes January 2025
_SERIAL = re.compile(r"[34]\d{4}")  # days since 1899-12-30, as a spreadsheet counts: 1982 to 2036
_FIRST = date(1899, 12, 30)


def read_date(text: str, order: str) -> tuple[str, str]:
    """Return a date as yyyy, yyyy-mm or yyyy-mm-dd and the rule by which it was read; two empty texts for no date.

    `order` is "dmy" or "mdy", for dates in numbers; where only the other order is possible, that is taken.
    """
    plain = text.strip()
    if found := _ISO.fullmatch(plain):
        return _day(found[1], found[2], found[3], "date: ISO")
    if found := _ISO_MONTH.fullmatch(plain):
        return _month(found[1], found[2], "date: ISO month")
    if found := _MONTH_YEAR.fullmatch(plain):
        return _month(found[2], found[1], "date: month and year")
    if found := _NUMBERS.fullmatch(plain):
        year = found[3] if len(found[3]) == 4 else f"20{found[3]}"
        first, second = found[1], found[2]
        month, day = (first, second) if order == "mdy" else (second, first)
        read = _day(year, month, day, f"date: {order}")
        return read if read[0] else _day(year, day, month, f"date: not {order}, so the other order")
    if found := _YEAR.fullmatch(plain):
        return found[1], "date: year"
    if found := _QUARTER.fullmatch(plain):
        return found[1] or found[2], "date: year of a quarter"
    if found := _WORDS.fullmatch(plain.lower()):
        month_number = _month_number(found[2])
        day = found[1] or found[3]
        if month_number and day:
            return _day(found[4], str(month_number), day, "date: in words")
        if month_number:
            return _month(found[4], str(month_number), "date: month in words")
    if (found := _SHORT_YEAR.fullmatch(plain.lower())) and (month_number := _month_number(found[1])):
        return _month(f"20{found[2]}", str(month_number), "date: month and two digits of a year")
    if _SERIAL.fullmatch(plain):
        return (_FIRST + timedelta(days=int(plain))).isoformat(), "date: number of a spreadsheet"
    return "", ""


def _month_number(word: str) -> int:
    start = word[:3]
    return _MONTHS.index(start) + 1 if start in _MONTHS else _DUTCH.get(start, 0)


def _day(year: str, month: str, day: str, rule: str) -> tuple[str, str]:
    try:
        return date(int(year), int(month), int(day)).isoformat(), rule
    except ValueError:
        return "", ""


def _month(year: str, month: str, rule: str) -> tuple[str, str]:
    return (f"{year}-{int(month):02d}", rule) if 1 <= int(month) <= 12 else ("", "")
