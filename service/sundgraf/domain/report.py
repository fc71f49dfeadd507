"""What a check found, in words that a steward can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend: where (line and column from 1, 0 for unknown), about what, by which rule, and what to do.

    `property` and `shape` are IRIs; `labels` what stewards call the property in English and Danish; `allowed` what may
    stand there instead of `value`, and `nearest` the one of them that is most like it. Where `in_table`, line and
    column are row and column of a table, in a workbook that of `sheet`.
    """

    file: str
    line: int
    subject: str
    rule: str
    english: str
    danish: str = ""
    severity: str = "violation"
    column: int = 0
    value: str = ""
    property: str = ""
    shape: str = ""
    labels: tuple[str, str] = ("", "")
    allowed: tuple[str, ...] = ()
    nearest: str = ""
    sheet: str = ""
    in_table: bool = False

    def say(self, language: str) -> str:
        """Return one line of text."""
        file = f"{self.file}!{self.sheet}" if self.sheet else self.file
        where = ":".join([file, *(str(number) for number in (self.line, self.column) if number)])
        danish = language == "da"
        severity = _SEVERITIES_SAID.get(self.severity, (self.severity, self.severity))[danish]
        about = self.labels[danish] if self.line and self.labels[danish] else self.subject
        text = self.danish if danish and self.danish else self.english
        return ": ".join(filter(None, [where, severity, about, f"{text} [{self.rule}]"]))

    def explain(self, language: str) -> list[str]:
        """Return what else there is to say, a line each: what may stand there, and where the rule is explained."""
        danish = language == "da"
        lines = []
        if self.allowed:
            lines.append(f"{'tilladt' if danish else 'allowed'}: {', '.join(self.allowed[:_MOST_SAID])}")
            if (left := len(self.allowed) - _MOST_SAID) > 0:
                lines[-1] += f" og {left} andre; se reglen" if danish else f" and {left} others; see the rule"
        if self.shape:
            lines.append(f"{'regel' if danish else 'rule'}: {self.shape}")
        return lines

    def as_mapping(self) -> Mapping[str, object]:
        """Return it for machines."""
        return {
            "file": self.file, "line": self.line, "column": self.column, "subject": self.subject, "rule": self.rule,
            "severity": self.severity, "message": {"en": self.english, "da": self.danish or self.english},
            "property": self.property, "field": {"en": self.labels[0], "da": self.labels[1]}, "value": self.value,
            "allowed": list(self.allowed), "nearest": self.nearest, "shape": self.shape,
            "sheet": self.sheet, "place": "row" if self.in_table else "line",
        }  # fmt: skip


_MOST_SAID = 12  # values that may stand there, in a line of text
SEVERITIES = ("violation", "warning", "info")
_SEVERITIES_SAID = {
    "violation": ("to mend", "skal rettes"), "warning": ("give a reason", "begrund"), "info": ("note", "bemærk"),
}  # fmt: skip


def blocks(findings: Iterable[Finding]) -> bool:
    """Say whether one of the findings keeps a submission from being sent."""
    return any(finding.severity == SEVERITIES[0] for finding in findings)


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by severity, then by place."""
    order = {name: rank for rank, name in enumerate(SEVERITIES)}
    return sorted(findings, key=lambda finding: (order.get(finding.severity, 0), finding))


def grouped(findings: Iterable[Finding]) -> list[tuple[str, int]]:
    """Return the rules with how many findings each has, most first."""
    return Counter(finding.rule for finding in findings).most_common()
