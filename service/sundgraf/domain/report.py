"""What a check found, in words that a steward can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend: where (line and column from 1, 0 for unknown), about what, by which rule, and what to do."""

    file: str
    line: int
    subject: str
    rule: str
    english: str
    danish: str = ""
    severity: str = "violation"
    column: int = 0

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
        }  # fmt: skip
