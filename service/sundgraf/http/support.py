"""What each fact of a record rests on: the claim and source behind it, or the rule that derived it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sundgraf.http.record import Claim, Fact, Value, local_name

# Of a claim: the property with the value that it is about.
_SAYING = ("classifiedAs", "effectType", "stage", "matchesSolution", "regulation", "resembles")
_OF_CLASS = {
    "technologyType": "Classification", "maturity": "Classification", "area": "Classification",
    "useCase": "Classification", "effect": "EffectClaim", "currentStage": "StatusReport", "realises": "Match",
    "possiblySameAs": "Likeness",
}  # fmt: skip
# Facts about the record itself, that need no source beside them.
_OWN = ("identifier", "source", "sourcePage", "sourceSection", "editorialNote", "hiddenLabel")


@dataclass(frozen=True, slots=True)
class Support:
    """One thing that a fact rests on. `basis` is stated, inferred or derived; `rule` is the rule that derived it."""

    basis: str
    sources: tuple[Value, ...] = ()
    page: str = ""
    confidence: str = ""
    why: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Values of a fact that rest on the same; `first` where the fact begins."""

    fact: Fact
    values: list[Value]
    rests: tuple[Support, ...]
    first: bool


Supports = Mapping[tuple[str, str], Sequence[Support]]


def find_support(facts: Sequence[Fact], claims: Mapping[str, Sequence[Claim]]) -> Supports:
    """Return what each fact rests on, by the IRI of its property and the text or IRI of its value."""
    sources = tuple(_values(facts, "source"))
    own = Support("stated", sources, _first(_values(facts, "sourcePage")))
    found: dict[tuple[str, str], Sequence[Support]] = {}
    for fact in facts:
        name = local_name(fact.iri)
        if name in _OWN:
            continue
        for value in fact.values:
            behind = [
                _support(claim)
                for claim in claims.get(_OF_CLASS.get(name, ""), ())
                if value.iri and value.iri in {said.iri for part in _SAYING for said in claim.get(part)}
            ]
            if value.rule:
                found[fact.iri, key_of(value)] = behind or [Support("derived", rule=value.rule)]
            else:
                found[fact.iri, key_of(value)] = [own]
    return found


def rows_of(facts: Sequence[Fact], support: Supports, shown_above: Sequence[str] = ()) -> list[Line]:
    """Return the facts line by line: values that rest on the same stand together.

    Texts in the reader's language of the properties `shown_above` are left out, those in another come last.
    """
    lines: list[Line] = []
    last: list[Line] = []
    for fact in facts:
        groups: dict[tuple[Support, ...], list[Value]] = {}
        for value in fact.values:
            if not (value.language == "" and fact.iri in shown_above):
                groups.setdefault(tuple(support.get((fact.iri, key_of(value)), ())), []).append(value)
        made = [Line(fact, values, rests, at == 0) for at, (rests, values) in enumerate(groups.items())]
        (last if fact.iri in shown_above else lines).extend(made)
    return lines + last


def key_of(value: Value) -> str:
    """Return what a value is known by among the values of its fact."""
    return value.iri or f"{value.text}@{value.language}"


def differing_stages(claims: Mapping[str, Sequence[Claim]]) -> str:
    """Return who gives different stages for the thing: "sources", one "source", or "" where they agree."""
    reports = [claim for claim in claims.get("StatusReport", ()) if _first(claim.get("stage"), iri=True)]
    known = [claim for claim in reports if not _first(claim.get("stage"), iri=True).endswith("/unknown")]
    if len({_first(claim.get("stage"), iri=True) for claim in known}) < 2:
        return ""
    return "sources" if len({_first(claim.get("source"), iri=True) for claim in known}) > 1 else "source"


def by_date(reports: Iterable[Claim]) -> list[Claim]:
    """Return status reports with the newest first, those without a date last."""
    return sorted(reports, key=lambda report: _first(report.get("date")), reverse=True)


def _support(claim: Claim) -> Support:
    basis = _first(claim.get("basis"), iri=True)
    return Support(
        local_name(basis) if basis else "stated",
        tuple(claim.get("source")),
        _first(claim.get("sourcePage")),
        _first(claim.get("confidence")),
        next((value.text for value in claim.get("rationale") if not value.language), _first(claim.get("rationale"))),
    )


def _values(facts: Iterable[Fact], name: str) -> list[Value]:
    return [value for fact in facts if local_name(fact.iri) == name for value in fact.values]


def _first(values: Sequence[Value], iri: bool = False) -> str:
    return (values[0].iri if iri else values[0].text) if values else ""
