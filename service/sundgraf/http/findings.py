"""Findings as machines read them."""

from __future__ import annotations

from sundgraf.domain.report import Finding, blocks, grouped


def summary_of(findings: list[Finding], shown: int) -> dict[str, object]:
    """Return findings for machines: how many by rule, and the first of them."""
    return {
        "conforms": not blocks(findings),
        "total": len(findings),
        "shown": min(shown, len(findings)),
        "byRule": [{"rule": rule, "count": count} for rule, count in grouped(findings)],
        "findings": [finding.as_mapping() for finding in findings[:shown]],
    }
