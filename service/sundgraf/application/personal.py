"""Keep personal data out of what the log will say of a submission: its reason and its source become public."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.validate import shapes_of
from sundgraf.application.wording import in_words
from sundgraf.domain import rules
from sundgraf.domain.names import BASE
from sundgraf.domain.report import Finding
from sundgraf.store.shacl_core import Validator
from sundgraf.store.view import View

_REASON = ox.NamedNode(f"{BASE}def/reason")


def personal_data_in(root: Path, **texts: str) -> list[Finding]:
    """Return what the shapes of privacy find in texts, each called by its name."""
    findings = []
    shapes = shapes_of(root)
    for name, text in texts.items():
        node, store = ox.NamedNode(f"{BASE}new/{name}"), ox.Store()
        store.add(ox.Quad(node, _REASON, ox.Literal(text)))
        for violation in Validator(shapes, View(store)).some([node]):
            said = in_words(violation, store, shapes)
            remark = rules.PERSONAL.broken_by("", more=f" {said.english}")
            danish = f"{rules.PERSONAL.danish} {said.danish}"
            findings.append(
                replace(remark, danish=danish, labels=rules.FIELDS.get(name, (name, name)), shape=said.shape)
            )
    return findings
