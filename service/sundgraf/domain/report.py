"""What a check found, in words that a steward can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sundgraf.domain.names import BASE


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend: where (line and column from 1, 0 for unknown), about what, by which rule, and what to do.

    `property` and `shape` are IRIs; `labels` what stewards call the property in English and Danish; `allowed` what may
    stand there instead of `value`, `allowed_said` the same in words of both languages, and `nearest` the one of them
    that is most like it. Where `in_table`, line and column are row and column of a table, in a workbook of `sheet`.
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
    allowed_said: tuple[tuple[str, str], ...] = ()

    def called(self) -> str:
        """Return what it is about, as its document calls it, and the property where that has no label."""
        focus, _, path = self.subject.partition(" ")
        name = f"<{focus.removeprefix(_NEW)}>" if focus.startswith(_NEW) else focus
        return name if not path or self.labels[0] else f"{name} {path.replace('#', '/').rsplit('/', 1)[-1]}"

    def may_stand(self, language: str) -> list[str]:
        """Return what may stand there in words, in a document with the name that is written in it."""
        if not self.allowed_said:
            return list(self.allowed)
        said = [pair[language == "da"] or pair[0] for pair in self.allowed_said]
        if self.in_table or len(said) != len(self.allowed):
            return sorted(filter(None, said))
        pairs = zip(said, self.allowed, strict=True)
        return [f"{name} ({code})" if name and name != code else code for name, code in pairs]

    def say(self, language: str) -> str:
        """Return one line of text."""
        file = f"{self.file}!{self.sheet}" if self.sheet else self.file
        where = ":".join([file, *(str(number) for number in (self.line, self.column) if number)])
        danish = language == "da"
        severity = _SEVERITIES_SAID.get(self.severity, (self.severity, self.severity))[danish]
        about = self.labels[danish] if self.line and self.labels[danish] else self.called()
        text = self.danish if danish and self.danish else self.english
        return ": ".join(filter(None, [where, severity, about, f"{text} [{self.rule}]"]))

    def explain(self, language: str) -> list[str]:
        """Return what else there is to say, a line each: what may stand there, and where the rule is explained."""
        danish = language == "da"
        lines = []
        if allowed := self.may_stand(language):
            lines.append(f"{'tilladt' if danish else 'allowed'}: {', '.join(allowed[:_MOST_SAID])}")
            if (left := len(allowed) - _MOST_SAID) > 0:
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


_NEW = f"{BASE}new/"  # what new records are called until they are accepted
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
