"""What can go wrong, as one small tree.

SundgrafError
+-- BadInput                      the caller can mend it            (CLI exit 2)
|   +-- MalformedQuery            SPARQL that does not parse, with line and column
|   +-- MalformedData             RDF that does not parse, with file, line and column
|   +-- InvalidParameter          a parameter of the wrong type, missing or unknown
|   +-- UnknownFormat             a format nobody writes
|   +-- TooLarge                  more than the limit says
|   +-- Unfit                     a submission that does not pass, with what is to be mended
+-- NotSignedIn                   no token, or one that does not hold (any more)
+-- Conflict                      it does not fit what is there now
+-- TooOften                      more requests than the limit says
+-- NotFound                      never minted
|   +-- Gone                      withdrawn, with its tombstone
+-- Refused                       understood and not allowed
+-- NotAcceptable                 no format that both sides know
+-- UnsupportedMediaType          a request body nobody reads here
+-- StoreError                    the store could not do it
    +-- Busy                      no worker was free in time; try again
    +-- OutOfTime                 the query passed its deadline and was stopped
    +-- OutOfMemory               the query passed its memory limit and was stopped
    +-- Unreachable               a remote engine, or all of its replicas, cannot be reached
    +-- DiskFull                  no space is left where the state is kept
    +-- StoreUnusable             the state directory cannot be used as it is
"""

from collections.abc import Mapping, Sequence


class SundgrafError(Exception):
    """Root of the tree. `str()` is one line that a steward could act on."""


class BadInput(SundgrafError):
    """The caller sent something that cannot be used and can mend it."""


class MalformedQuery(BadInput):
    """A SPARQL text that does not parse. `line` and `column` count from 1, None where unknown."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class MalformedData(BadInput):
    """RDF that does not parse. `line` and `column` count from 1, None where unknown."""

    def __init__(self, message: str, file: str = "", line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.column = column


class InvalidParameter(BadInput):
    """A parameter that is missing, unknown or of the wrong type. `name` is the parameter's."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


class UnknownFormat(BadInput):
    """A format name or file extension that nobody writes."""


class TooLarge(BadInput):
    """More bytes than the limit says."""


class Unfit(BadInput):
    """A submission that does not pass. `findings` say what is to be mended, `draft` is the path where it is kept."""

    def __init__(self, message: str, findings: Sequence[Mapping[str, object]] = (), draft: str = "") -> None:
        super().__init__(message)
        self.findings = list(findings)
        self.draft = draft


class NotSignedIn(SundgrafError):
    """No token was given, or one that is unknown, revoked or expired."""


class Conflict(SundgrafError):
    """The request does not fit what is there now."""


class TooOften(SundgrafError):
    """More requests than the limit says; the message tells when to come back."""


class NotFound(SundgrafError):
    """Nothing was ever minted under this name."""


class Gone(NotFound):
    """It was published and is withdrawn. `successor` is the IRI to go on with, `danish` the message in Danish."""

    def __init__(self, message: str, successor: str = "", danish: str = "") -> None:
        super().__init__(message)
        self.successor = successor
        self.danish = danish


class Refused(SundgrafError):
    """The request was understood and is not allowed."""


class NotAcceptable(SundgrafError):
    """No format that both sides know."""


class UnsupportedMediaType(SundgrafError):
    """A request body in a media type nobody reads here."""


class StoreError(SundgrafError):
    """The store could not do it."""


class Busy(StoreError):
    """No worker was free in time."""


class OutOfTime(StoreError):
    """The query passed its deadline and was stopped."""


def told_seconds(seconds: float) -> str:
    """Return a deadline as an error says it: "1 second", "2.5 seconds"."""
    return "1 second" if seconds == 1 else f"{seconds:g} seconds"


class OutOfMemory(StoreError):
    """The query passed its memory limit and was stopped."""


class Unreachable(StoreError):
    """The remote engine cannot be reached now."""


class DiskFull(StoreError):
    """There is no space left where the state is kept."""


class StoreUnusable(StoreError):
    """The state directory cannot be used as it is; the message says what to do."""
