"""How an SVG is put together, and what all pictures have in common: links, discs, words in two languages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup, escape

from sundgraf.domain.question import Question
from sundgraf.domain.readable import write_number
from sundgraf.domain.terms import Term

Row = Mapping[str, Term]
_UNFILLED = re.compile(r"&\w+=\{\w+\}")


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be drawn: the rows of a question's answer, under which parts, in which language."""

    question: Question
    rows: Sequence[Row]
    language: str

    def part(self, name: str) -> str:
        """Return the variable that plays a part, "" for none."""
        return self.question.picture.get(name, "")

    def say(self, english: str, danish: str) -> str:
        """Return the text in the reader's language."""
        return danish if self.language == "da" else english

    def text(self, row: Row, part: str) -> str:
        """Return the text of a part in a row: the label that goes with it, if any; "" where it is unbound."""
        name = self.part(part)
        return str(row.get(f"{name}Label", row.get(name, "")))

    def number(self, row: Row, part: str) -> int:
        """Return the number of a part in a row, 0 where it is unbound."""
        return int(str(row.get(self.part(part), "0")) or "0")

    def figure(self, number: int) -> str:
        """Return a number in the reader's form."""
        return write_number(number, self.language)

    def link(self, row: Row, part: str = "link") -> str:
        """Return where the row leads: an address of the picture, the short names of the row's things filled in.

        What is unbound is left out of the address with its name.
        """
        address = self.question.picture.get(part, "")
        for name, term in row.items():
            address = address.replace(f"{{{name}}}", quote(str(term).rsplit("/", 1)[-1]))
        address = _UNFILLED.sub("", address)
        return with_language(address, self.language) if address else ""


def with_language(address: str, language: str) -> str:
    """Return an address of ours in a language."""
    return f"{address}{'&' if '?' in address else '?'}lang={language}"


def tag(name: str, *content: str, **attributes: str | float | None) -> Markup:
    """Return an element. `class_` is written class, other underscores as hyphens; None is left out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(escape(part) for part in content)
    return Markup(f"<{name}{said}>{inner}</{name}>" if inner else f"<{name}{said}/>")


def join(parts: Iterable[str]) -> Markup:
    """Return elements after each other."""
    return Markup("").join(parts)


def picture(width: float, height: float, label: str, *content: str, class_: str = "", slice_: bool = False) -> Markup:
    """Return an SVG of that size in pixels, with what it shows in words; a sliced one shows its left when narrowed."""
    return tag(
        "svg", *content, class_=f"picture {class_}".strip(), viewBox=f"0 0 {_short(width)} {_short(height)}",
        width=width, height=height, role="group", aria_label=label,
        preserveAspectRatio="xMinYMin slice" if slice_ else None,
    )  # fmt: skip


def anchor(href: str, title: str, *content: str, class_: str | None = None) -> Markup:
    """Return a link with a title that is shown on hovering and read aloud; the content alone where there is no href."""
    inner = (tag("title", title), *content)
    return tag("a", *inner, href=href, class_=class_) if href else tag("g", *inner, class_=class_)


def disc(rank: str, x: float, y: float, radius: float) -> Markup:
    """Return the disc of a stage, which fills up with the rank: to be told apart without colour."""
    inner: Markup = Markup("")
    if rank == "6":
        inner = tag("circle", class_="full", cx=x, cy=y, r=radius)
    elif rank == "5":
        inner = tag("path", class_="full", d=f"M{x} {y}V{y - radius}A{radius} {radius} 0 1 1 {x - radius} {y}z")
    elif rank == "4":
        inner = tag("path", class_="full", d=f"M{x} {y - radius}A{radius} {radius} 0 0 1 {x} {y + radius}z")
    elif rank == "3":
        inner = tag("path", class_="full", d=f"M{x} {y}V{y - radius}A{radius} {radius} 0 0 1 {x + radius} {y}z")
    elif rank == "1":
        arm = round(radius * 0.45, 2)
        inner = tag(
            "path", class_="stroke", d=f"M{x - arm} {y - arm}l{2 * arm} {2 * arm}m0-{2 * arm}l-{2 * arm} {2 * arm}"
        )
    return tag("g", tag("circle", cx=x, cy=y, r=radius), inner, class_=f"disc s{rank}")


def shade(number: int, most: int) -> int:
    """Return a step of the scale, 2 to 6, for a number: as many steps for few as for many."""
    return 2 + round(4 * math.log1p(number) / math.log1p(max(number, most, 1)))


def _short(value: str | float) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
