"""What a check found, in words that a steward can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend: where (line and column from 1, 0 for unknown), about what, by which rule, and what to do.

    `property` and `shape` are IRIs; `labels` what stewards call the property in English and Danish; `allowed` what may
    stand there instead of `value`, and `nearest` the one of them that is most like it.
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

    def say(self, language: str) -> str:
        """Return one line of text."""
        where = ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])
        text = self.danish if language == "da" and self.danish else self.english
        about = f" {self.subject}:" if self.subject else ""
        return f"{where}:{about} {text} [{self.rule}]"

    def as_mapping(self) -> Mapping[str, object]:
        """Return it for machines."""
        return {
            "file": self.file, "line": self.line, "column": self.column, "subject": self.subject, "rule": self.rule,
            "severity": self.severity, "message": {"en": self.english, "da": self.danish or self.english},
            "property": self.property, "field": {"en": self.labels[0], "da": self.labels[1]}, "value": self.value,
            "allowed": list(self.allowed), "nearest": self.nearest, "shape": self.shape,
        }  # fmt: skip


SEVERITIES = ("violation", "warning", "info")


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
