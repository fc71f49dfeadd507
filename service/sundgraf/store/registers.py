"""Read what data/import says of other registers: source.toml, the mapping (YARRRML) and the recoding tables (SSSOM)."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sundgraf.domain.errors import BadInput, NotFound
from sundgraf.domain.names import BASE
from sundgraf.domain.register import Choice, Line, Register, Shape

_TABLES = "recodings.sssom.tsv"
_HOW = ("is", "begins", "has")
_PREFIXES = {"sundgraf": BASE, "concept": f"{BASE}concept/", "place": f"{BASE}id/place/", "sg": f"{BASE}def/"}
_COLUMNS = ("table", "how", "subject_label", "predicate_id", "object_id", "mapping_justification", "confidence")


def list_registers(root: Path) -> list[str]:
    """Return the names of the registers that can be imported."""
    return sorted(path.parent.name for path in (root / "data" / "import").glob("*/source.toml"))


def read_register(root: Path, name: str) -> Register:
    """Return a register by its name. Raises NotFound, or BadInput where its files cannot be used."""
    if name not in list_registers(root):
        known = ", ".join(list_registers(root))
        raise NotFound(f"There is no register {name[:60]!r} in data/import; there are {known}.")
    folder = root / "data" / "import" / name
    import yaml  # noqa: PLC0415  the start of the service should not wait for it

    try:
        said = tomllib.loads((folder / "source.toml").read_text("utf-8"))
        # BaseLoader: every value is a text, so that NO is Norway and not false
        mapping = yaml.load((folder / "mapping.yml").read_text("utf-8"), Loader=yaml.BaseLoader)
        lines = (*read_lines(folder / _TABLES), *read_lines(folder.parent / _TABLES))
        return _register(name, said, mapping, lines)
    except (OSError, tomllib.TOMLDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"data/import/{name} cannot be used: {type(error).__name__} {error}.") from error


def read_lines(path: Path) -> list[Line]:
    """Return the lines of a recoding table, none where there is no such file. Raises BadInput."""
    if not path.is_file():
        return []
    lines = []
    rows = csv.DictReader((one for one in path.open(encoding="utf-8") if not one.startswith("#")), delimiter="\t")
    for number, row in enumerate(rows, 2):
        if any(row.get(column) is None for column in _COLUMNS) or row["how"] not in _HOW:
            raise BadInput(f"{path.name}: row {number} must have {', '.join(_COLUMNS)}; how is one of {_HOW}.")
        target = _expanded(row["object_id"])
        lines.append(
            Line(row["table"], row["how"], row["subject_label"], row["predicate_id"], target, float(row["confidence"]))
        )
    return lines


def _register(name: str, said: Mapping[str, Any], mapping: object, lines: tuple[Line, ...]) -> Register:
    if not isinstance(mapping, Mapping):
        raise ValueError("mapping.yml is no YARRRML document")
    file, choice = said["file"], said["select"]
    tests = tuple((reference, table) for table, references in choice["tables"].items() for reference in references)
    shape = Shape(
        *_source_of(mapping), tuple(file["required"]),
        {reference: tuple(names) for reference, names in file.get("names", {}).items()},
        tuple(file.get("separators", (",", ";", "\t", "|"))), file.get("version", ""),
        tuple(file.get("versions", ())), frozenset(one.casefold() for one in file.get("missing", ())),
        dict(file.get("lists", {})), dict(file.get("values", {})),
        tuple(file.get("also", ())),
    )  # fmt: skip
    return Register(
        name, _both(said["title"]), _both(said["about"]), said["page"], said["licence"], said["licence_name"],
        said["kind"], shape, said["key"]["reference"], tuple(said["key"].get("otherwise", ())),
        said["key"].get("pattern", "(.+)"),
        Choice(tests, _both(choice["told"])), said.get("dates", "dmy"), mapping, lines,
    )  # fmt: skip


def _source_of(mapping: Mapping[str, Any]) -> tuple[str, str]:
    """Return the format and the iterator of the one source of a YARRRML document."""
    sources = list(mapping["sources"].values())
    if len(sources) != 1:
        raise ValueError("mapping.yml must have one source")
    name, *iterator = sources[0]
    formats = {"csv": "csv", "jsonpath": "json", "xpath": "xml"}
    return formats[name.rpartition("~")[2]], iterator[0] if iterator else ""


def _expanded(curie: str) -> str:
    prefix, _, rest = curie.partition(":")
    return _PREFIXES[prefix] + rest if prefix in _PREFIXES else curie


def _both(said: Mapping[str, str]) -> tuple[str, str]:
    return said["en"], said["da"]
