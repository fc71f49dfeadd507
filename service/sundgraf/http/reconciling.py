"""How lists to be matched are written: the batches of the Reconciliation API 0.2 and 1.0-draft, read strictly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sundgraf.application.comparable import IDENTIFIER, Comparable, Property
from sundgraf.application.reconcile import Candidate, Condition, Query, identifiers_of
from sundgraf.domain.errors import BadInput, InvalidParameter, TooLarge
from sundgraf.domain.names import BASE

MOST_QUERIES = 200  # in a batch; clients send 10 to 50
MOST_CANDIDATES = 100
_MOST_CONDITIONS = 10
_MOST_VALUES = 20  # of all properties of a query together
_LONGEST = 1000  # characters of a name or value
_DEFAULT_LIMIT = 10
_CALLBACK = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*")
_QUERY = ("query", "type", "limit", "properties", "type_strict")
_QUERY_DRAFT = ("type", "limit", "lang", "dir", "conditions")


def identifier_of(iri: str) -> str:
    """Return what a thing is called in the protocol: its IRI without the beginning that all of ours have."""
    return iri.removeprefix(BASE)


def iri_of(identifier: str) -> str:
    """Return the IRI of a thing by what it is called in the protocol."""
    return identifier if "://" in identifier else BASE + identifier.lstrip("/")


def read_json(text: str | bytes, name: str) -> Any:
    """Return what a JSON text says. Raises InvalidParameter with line and column."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise InvalidParameter(f"{name} is not JSON: {where}.", name) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidParameter(f"{name} is not JSON that can be read here: UTF-8, not nested deeply.", name) from error


def read_batch(said: Any, comparable: Comparable) -> dict[str, Query]:
    """Return the queries of a batch (0.2) by their names. Raises InvalidParameter or TooLarge."""
    if not isinstance(said, dict):
        raise InvalidParameter('queries is an object of queries: {"q0": {"query": "Rigshospitalet"}}.', "queries")
    _limit_batch(said)
    return {name: read_query(one, comparable, name) for name, one in said.items()}


def read_query(said: Any, comparable: Comparable, name: str = "query") -> Query:
    """Return a query of version 0.2, which may be a bare name too. Raises InvalidParameter."""
    if isinstance(said, str):
        said = {"query": said}
    _require_members(said, _QUERY, name)
    types = said.get("type") or []
    strict = said.get("type_strict") or "any"
    if strict not in ("any", "should", "all"):
        raise InvalidParameter(f'{name}: type_strict is "any", "should" or "all".', name)
    properties = said.get("properties") or []
    if not isinstance(properties, list):
        raise InvalidParameter(f"{name}: properties is a list.", name)
    conditions = [_condition(one, "pid", "v", comparable, name) for one in properties]
    types = [types] if isinstance(types, str | dict) else types
    return _query(said, said.get("query"), types, conditions, comparable, name, strict == "should")


def read_draft_batch(said: Any, comparable: Comparable) -> list[Query]:
    """Return the queries of a batch of the 1.0 draft. Raises InvalidParameter or TooLarge."""
    if not isinstance(said, dict) or not isinstance(said.get("queries"), list):
        raise InvalidParameter('The body is an object with a list: {"queries": [{"conditions": [...]}]}.', "queries")
    _limit_batch(said["queries"])
    return [_read_draft(one, comparable, f"queries[{place}]") for place, one in enumerate(said["queries"])]


def _read_draft(said: Any, comparable: Comparable, name: str) -> Query:
    _require_members(said, _QUERY_DRAFT, name)
    conditions = said.get("conditions")
    if not isinstance(conditions, list) or not conditions:
        raise InvalidParameter(f"{name}: conditions is a list of at least one condition.", name)
    text, own, kept = None, [], []
    for one in conditions:
        kind = one.get("matchType") if isinstance(one, dict) else None
        if kind not in ("name", "id", "property"):
            raise InvalidParameter(f'{name}: matchType is "name", "id" or "property".', name)
        if one.get("matchQuantifier", "any") != "any":
            raise InvalidParameter(f'{name}: only matchQuantifier "any" is known here.', name)
        if kind == "name":
            text = one.get("propertyValue")
        elif kind == "id":
            own.append(_condition({**one, "propertyId": IDENTIFIER}, "propertyId", "propertyValue", comparable, name))
        else:
            kept.append(_condition(one, "propertyId", "propertyValue", comparable, name))
    types = [said["type"]] if said.get("type") else []
    return _query(said, text, types, [*own, *kept], comparable, name, False)


def _query(
    said: Mapping[str, Any], text: Any, types: Any, conditions: list[Condition], comparable: Comparable, name: str,
    preferred: bool,
) -> Query:  # fmt: skip
    if text is not None and (not isinstance(text, str) or len(text) > _LONGEST):
        raise InvalidParameter(f"{name}: the name to be found is a text of at most {_LONGEST} characters.", name)
    if not isinstance(types, list) or len(types) > len(comparable.kinds):
        raise InvalidParameter(f"{name}: type is the name of a type, or a list of them.", name)
    limit = said.get("limit")
    if limit is None or limit == 0:
        limit = _DEFAULT_LIMIT
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 1 <= limit <= MOST_CANDIDATES:
        raise InvalidParameter(f"{name}: limit is a number from 1 to {MOST_CANDIDATES}.", "limit")
    if len(conditions) > _MOST_CONDITIONS:
        raise InvalidParameter(f"{name}: at most {_MOST_CONDITIONS} properties.", name)
    if sum(len(one.values) for one in conditions) > _MOST_VALUES:
        raise InvalidParameter(f"{name}: at most {_MOST_VALUES} values of properties.", name)
    identifiers = identifiers_of(conditions)
    if not (text or "").strip() and not any(any(value.strip() for value in one.values) for one in conditions):
        raise InvalidParameter(f"{name}: give the name to be found, an identifier or other properties of it.", name)
    names = [one.get("id", "") if isinstance(one, dict) else one for one in types]
    if not all(isinstance(one, str) for one in names):
        raise InvalidParameter(f"{name}: type is the name of a type, or a list of them.", name)
    kinds = tuple(comparable.kind(one) for one in names if one)
    return Query((text or "").strip(), kinds, int(limit), tuple(conditions), preferred, identifiers)


def _condition(said: Any, key: str, value: str, comparable: Comparable, name: str) -> Condition:
    if not isinstance(said, dict) or not isinstance(said.get(key), str) or value not in said:
        raise InvalidParameter(f"{name}: a property is said with {key} and {value}.", name)
    held = said[value] if isinstance(said[value], list) else [said[value]]
    return Condition(
        said[key], comparable.property(said[key]), tuple(_text(one, name) for one in held),
        said.get("required") is True,
    )  # fmt: skip


def _text(value: Any, name: str) -> str:
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        return iri_of(value["id"])
    if isinstance(value, dict | list) or value is None:
        raise InvalidParameter(f'{name}: a value is a text, a number, true, false or {{"id": ...}}.', name)
    return str(value)[:_LONGEST] if not isinstance(value, bool) else str(value).lower()


def _limit_batch(queries: Sequence[Any] | Mapping[str, Any]) -> None:
    if len(queries) > MOST_QUERIES:
        raise TooLarge(f"{len(queries):,} queries in a batch; send at most {MOST_QUERIES} at a time.")


def _require_members(said: Any, known: Sequence[str], name: str) -> None:
    if not isinstance(said, dict):
        raise InvalidParameter(f"{name} is no object with the members {', '.join(known)}.", name)
    unknown = sorted(set(said) - set(known))
    if unknown:
        raise InvalidParameter(f"{name}: there is no member {unknown[0][:40]!r}; known are {', '.join(known)}.", name)


def tell_candidate(one: Candidate, kinds: Comparable, language: str, *, draft: bool = False) -> dict[str, Any]:
    """Return a candidate as the protocol writes it."""
    types = [{"id": iri, "name": kinds.kinds[iri].label[language]} for iri in one.classes if iri in kinds.kinds]
    names = [kind["name"] for kind in types]
    aside = {"en": "called", "da": "kaldet"}[language]
    description = " · ".join([*names, *([f"{aside} {one.called}"] if one.called not in ("", one.name) else [])])
    features = [
        {"id": key, "value": round(value, 3), **({"name": key} if draft else {})} for key, value in one.features.items()
    ]
    return {
        "id": identifier_of(one.iri), "name": one.name, "score": round(100 * one.score, 1), "match": one.match,
        "type": types, "description": description, "features": features,
    }  # fmt: skip


def wrap(body: Any, callback: str | None) -> tuple[str, str]:
    """Return the text and the media type of an answer; with a callback it is a script (JSONP).

    Raises BadInput for a callback that is no plain name of a function.
    """
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    if callback is None:
        return text, "application/json"
    if len(callback) > 100 or not _CALLBACK.fullmatch(callback):
        raise BadInput(f"callback={callback[:60]!r} is no name of a function: letters, digits, _, $ and dots.")
    safe = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("<", "\\u003c")
    return f"/**/{callback}({safe});", "text/javascript"


def tell_property(one: Property, language: str) -> dict[str, str]:
    """Return a property as the protocol writes it."""
    said = {"id": one.identifier, "name": one.label.get(language) or one.label.get("en", one.identifier)}
    definition = one.definition.get(language, "")
    return {**said, "description": definition} if definition else said
