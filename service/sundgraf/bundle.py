"""Where the rooms that travel with the package are: ontology, shapes, queries and data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bundle:
    """The folders of one edition of the graph."""

    root: Path

    @property
    def ontology(self) -> Path:
        """The folder of terms and concept schemes."""
        return self.root / "ontology"

    @property
    def shapes(self) -> Path:
        """The folder of SHACL shapes."""
        return self.root / "shapes"

    @property
    def queries(self) -> Path:
        """The folder of stored queries."""
        return self.root / "queries"

    @property
    def turtle(self) -> Path:
        """The folder of data files: one file is one named graph."""
        return self.root / "data" / "ttl"


def find_bundle(root: Path | None = None) -> Bundle:
    """Return the bundle at `root`; without one, the checkout this code runs in, else what the wheel carries."""
    if root is not None:
        return Bundle(root)
    package = Path(__file__).resolve().parent
    checkout = package.parent.parent
    if (checkout / "ontology").is_dir() and (checkout / "pyproject.toml").is_file():
        return Bundle(checkout)
    return Bundle(package / "rooms")
