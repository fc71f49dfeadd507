"""What is published is decided, whatever the inbox says: a full disk, or somebody else who decides at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3

import pytest

from server import running
from stewards import FIGURE, accept, client, make_token, send
from sundgraf.application import replay
from sundgraf.domain.errors import Busy
from sundgraf.store.inbox import Inbox

STOP = "CREATE TRIGGER stop BEFORE UPDATE ON submissions BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"


@pytest.fixture(scope="module")
def service(fill, tmp_path_factory):
    with running(fill(tmp_path_factory.mktemp("deciding") / "state"), SUNDGRAF_WEB_PROCESSES="1") as server:
        yield server


@pytest.fixture(scope="module")
def people(service):
    """A submitter and a reviewer."""
    with (
        client(service, make_token(service, "submitter", "a submitter")) as steward,
        client(service, make_token(service, "reviewer", "a reviewer")) as reviewer,
    ):
        yield steward, reviewer


@pytest.fixture(scope="module")
def behind(service, people):
    """A submission that was published while the inbox could not be written, and the answer to who accepted it."""
    steward, reviewer = people
    id = send(steward, FIGURE.replace("12 .", "4711 ."), reason="counted").json()["id"]
    with contextlib.closing(sqlite3.connect(service.state / "inbox.sqlite")) as db:
        db.execute(STOP)
        answer = accept(reviewer, id)
        db.execute("DROP TRIGGER stop")
    assert Inbox(service.state).get(id).state == "waiting"
    return id, answer


def test_acceptance_says_what_was_published_where_the_inbox_could_not_be_written(behind):
    _, answer = behind
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "accepted"
    assert answer.json()["publication"] >= 2
    assert answer.json()["records"][0].startswith("https://w3id.org/sundgraf/id/figure/")


def test_what_is_published_cannot_be_rejected_or_mended_though_the_inbox_is_behind(service, people, behind):
    steward, reviewer = people
    id, answer = behind
    said = reviewer.post(f"/submissions/{id}/decision", json={"decision": "reject", "reason": "no"})
    assert said.status_code == 409, said.text
    held = Inbox(service.state).get(id)
    assert (held.state, held.publication) == ("accepted", answer.json()["publication"])
    assert steward.put(f"/submissions/{id}", content=FIGURE, headers={"Content-Type": "text/turtle"}).status_code == 409


def test_decision_waits_for_a_publication_and_gives_up_after_some_time(service):
    with (service.state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Busy, match="being made"), replay.deciding(service.state, 0.2):
            pass
    with replay.deciding(service.state) as inbox:
        assert inbox.counts()
