"""Who may do what: bearer tokens with a role, kept as hashes, that expire and can be revoked."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sundgraf.domain.errors import BadInput, NotFound, NotSignedIn
from sundgraf.store.inbox import now, opened

ROLES = ("submitter", "reviewer", "admin")
_START = "sgt_"


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret: `shown_as` is the role or ORCID that publications name."""

    id: str
    role: str
    shown_as: str
    created: str
    expires: str
    revoked: str = ""

    def may(self, role: str) -> bool:
        """Say whether it holds for what a role may do."""
        return ROLES.index(self.role) >= ROLES.index(role)


def make_token(state: Path, role: str, shown_as: str, days: int) -> tuple[Token, str]:
    """Make a token; return it and its secret, which is kept nowhere. Raises BadInput."""
    if role not in ROLES:
        raise BadInput(f"{role!r} is no role; choose one of {', '.join(ROLES)}.")
    if not shown_as.strip() or "@" in shown_as or len(shown_as) > 120:
        raise BadInput(f"{shown_as!r} will be public: give a role such as 'data steward, Region X', or an ORCID.")
    secret = _START + secrets.token_urlsafe(32)
    expires = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds").replace("+00:00", "Z")
    token = Token(f"t-{secrets.token_hex(4)}", role, shown_as.strip(), now(), expires)
    with opened(_path(state)) as db:
        db.execute(
            "INSERT INTO tokens (id, hash, role, shown_as, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
            (token.id, _hash(secret), token.role, token.shown_as, token.created, token.expires),
        )
    return token, secret


def find_token(state: Path, secret: str) -> Token:
    """Return the token of a secret. Raises NotSignedIn where it is unknown, revoked or expired."""
    row = None
    if secret.startswith(_START) and len(secret) < 100 and _path(state).exists():
        with opened(_path(state)) as db:
            row = db.execute("SELECT * FROM tokens WHERE hash = ?", (_hash(secret),)).fetchone()
    if row is None:
        raise NotSignedIn("This token is not known here; ask the operator for one (`sundgraf token new`).")
    if row["revoked"]:
        raise NotSignedIn("This token was revoked; ask the operator for a new one.")
    if row["expires"] <= now():
        raise NotSignedIn(f"This token expired at {row['expires']}; ask the operator for a new one.")
    return Token(row["id"], row["role"], row["shown_as"], row["created"], row["expires"])


def list_tokens(state: Path) -> list[Token]:
    """Return all tokens, oldest first."""
    with opened(_path(state)) as db:
        rows = db.execute("SELECT * FROM tokens ORDER BY created, id").fetchall()
    return [Token(r["id"], r["role"], r["shown_as"], r["created"], r["expires"], r["revoked"]) for r in rows]


def revoke_token(state: Path, id: str) -> None:
    """Let a token hold no longer. Raises NotFound."""
    with opened(_path(state)) as db:
        if not db.execute("UPDATE tokens SET revoked = ? WHERE id = ? AND revoked = ''", (now(), id)).rowcount:
            raise NotFound(f"There is no token {id!r} that holds.")


def _path(state: Path) -> Path:
    return state / "inbox.sqlite"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
