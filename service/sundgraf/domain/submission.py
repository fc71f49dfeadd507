"""What may be said by whom: which subjects a submission may speak of, and the states it goes through.

draft -> waiting -> accepted | rejected | changes wanted -> waiting ...
"""

from __future__ import annotations

from dataclasses import dataclass

from sundgraf.domain.names import BASE

DRAFT, WAITING, WANTED, ACCEPTED, REJECTED = "draft", "waiting", "changes-wanted", "accepted", "rejected"
KINDS = ("record", "withdrawal", "merge")
OPEN = (DRAFT, WAITING, WANTED)
_PLACEHOLDERS = (f"{BASE}new/", "urn:sundgraf:new:", "urn:uuid:")


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission as it is kept. Times are RFC 3339, UTC; `base` is the publication it was made against.

    `content` is what was sent in, `added` and `removed` the change it makes in N-Triples, `shown_as` how the
    submitter is named in public.
    """

    id: str
    kind: str
    state: str
    submitter: str
    shown_as: str
    created: str
    changed: str
    base: int
    records: tuple[str, ...]
    reason: str
    source: str
    successor: str
    format: str
    content: bytes
    added: str
    removed: str
    publication: int = 0

    @property
    def path(self) -> str:
        """Where on this host it is followed."""
        return f"/submissions/{self.id}"


def standing(subject: str) -> str:
    """Return what a subject's IRI says of it: "record", "placeholder", "reserved" or "foreign"."""
    if subject.startswith(f"{BASE}id/"):
        return "record"
    if subject.startswith(_PLACEHOLDERS) or ":" not in subject:
        return "placeholder"
    return "reserved" if subject.startswith(BASE) else "foreign"
