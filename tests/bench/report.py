"""What a bench found: tables, bars, and how they are written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Bar:
    """What must hold, what was measured, and whether it held."""

    what: str
    wanted: str
    found: str
    met: bool


@dataclass
class Section:
    """The findings of one bench."""

    name: str
    title: str
    notes: list[str] = field(default_factory=list)
    header: Sequence[str] = ()
    rows: list[Sequence[str]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # for plots: what -> who -> seconds

    def at_least(self, what: str, found: float, wanted: float, unit: str = "x") -> None:
        """Add a bar that is met from `wanted` up."""
        self.bars.append(Bar(what, f"at least {wanted:g}{unit}", f"{found:.2f}{unit}", found >= wanted))

    def at_most(self, what: str, found: float, wanted: float, unit: str = "x") -> None:
        """Add a bar that is met up to `wanted`."""
        self.bars.append(Bar(what, f"at most {wanted:g}{unit}", f"{found:.3g}{unit}", found <= wanted))

    def markdown(self) -> str:
        """Return the section as Markdown."""
        parts = [f"## {self.title}", ""]
        if self.bars:
            rows = [(bar.what, bar.wanted, bar.found, "yes" if bar.met else "**no**") for bar in self.bars]
            parts += [*_table(("bar", "wanted", "found", "met"), rows), ""]
        if self.rows:
            parts += [*_table(self.header, self.rows), ""]
        parts += [f"- {note}" for note in self.notes]
        return "\n".join(parts).rstrip() + "\n"

    def as_mapping(self) -> dict[str, object]:
        """Return the section for JSON."""
        return asdict(self)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
