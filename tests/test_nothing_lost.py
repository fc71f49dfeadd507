"""Acknowledged work is there afterwards, whatever happens in between; publications are whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from server import running
from stewards import FIGURE, accept, client, make_token, send
from sundgraf.application.prepare import prepare_records
from sundgraf.application.publish import publish_submission
from sundgraf.application.replay import settle
from sundgraf.application.submit import submit
from sundgraf.application.verify import verify
from sundgraf.domain.errors import Busy, Conflict, DiskFull, StoreError, Unfit
from sundgraf.store import generations
from sundgraf.store.document import Document
from sundgraf.store.inbox import Inbox
from sundgraf.store.tokens import find_token
from sundgraf.store.tokens import make_token as token_of

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def state(fill, tmp_path):
    return fill(tmp_path / "state")


def waiting(state: Path, number: int = 1, root: Path = ROOT) -> str:
    """Return the id of a submission that waits."""
    text = FIGURE.replace("sg:value 12", f"sg:value {number}")
    document = Document("x.ttl", text.encode(), "turtle")
    token, _ = token_of(state, "submitter", "steward", 1)
    kept, _ = submit(state, root, token, prepare_records([document], state, root), document, reason="because")
    assert kept.state == "waiting"
    return kept.id


def test_crash_between_the_log_and_what_points_at_the_publication_is_mended(state):
    before = (state / "current.json").read_bytes()
    id = waiting(state)
    published = publish_submission(state, ROOT, id, "reviewer", "")
    (state / "current.json").write_bytes(before)  # as if the process had died right after the line in the log
    Inbox(state).move(id, ("accepted",), "waiting", "test", "as if it had died before that too")
    assert verify(state) != []
    with generations.publishing(state):
        pass
    assert generations.current(state).number == published.number
    with pytest.raises(Conflict, match="is accepted"):
        publish_submission(state, ROOT, id, "reviewer", "")
    assert verify(state) == []


def test_publication_that_the_inbox_cannot_note_is_not_told_as_failed(state, monkeypatch):
    def fail(*_: object) -> None:
        raise DiskFull("The disk is full.")

    id = waiting(state)
    with monkeypatch.context() as full:
        full.setattr(Inbox, "move", fail)
        done = publish_submission(state, ROOT, id, "reviewer", "")
    assert generations.current(state).number == done.number
    assert settle(state, Inbox(state)) == [id]
    assert Inbox(state).get(id).state == "accepted"


def test_crash_before_the_log_leaves_no_publication(state):
    id = waiting(state)
    publish_submission(state, ROOT, id, "reviewer", "")
    lines = (state / "publications.jsonl").read_text("utf-8").splitlines()
    (state / "publications.jsonl").write_text("".join(f"{line}\n" for line in lines[:-1]), "utf-8")
    (state / "current.json").write_text(json.dumps({"generation": "000001"}), "utf-8")
    Inbox(state).move(id, ("accepted",), "waiting", "test", "as if it had died before the line in the log")
    again = publish_submission(state, ROOT, id, "reviewer", "")
    assert again.number == 2
    assert verify(state) == []


def test_torn_last_line_of_the_log_is_told(state):
    publish_submission(state, ROOT, waiting(state), "reviewer", "")
    with (state / "publications.jsonl").open("a") as log:
        log.write('{"number": 3, "ti')
    assert any("cannot be read" in fault for fault in verify(state))
    with generations.publishing(state):
        pass
    assert verify(state) == []


def _commit_under_a_limit(state: str, answers) -> None:
    """Commit a publication of which only the log passes the limit on a file's size."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    place, held = Path(state), generations.current(Path(state))
    size = (place / "publications.jsonl").stat().st_size + 20
    with generations.publishing(place):
        staged = place / "staging-test"
        shutil.copytree(held.store, staged / "store", copy_function=os.link)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        try:
            generations.commit(place, staged, quads=held.quads, edition="", added=0, agent="t", reason="r" * 40)
        except OSError as error:
            answers.send(error.errno)
    os._exit(0)


def test_full_disk_leaves_no_part_of_a_line_in_the_log(state):
    for number in range(3):  # longer than the other files of a publication that are written then
        publish_submission(state, ROOT, waiting(state, number), "reviewer", "")
    before = (state / "publications.jsonl").read_bytes()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_commit_under_a_limit, args=(str(state), there))
    process.start()
    assert here.poll(60)
    assert here.recv() in (errno.ENOSPC, errno.EFBIG)
    process.join()
    assert (state / "publications.jsonl").read_bytes() == before
    assert verify(state) == []


def test_change_that_is_cut_short_is_told(state):
    publish_submission(state, ROOT, waiting(state), "reviewer", "")
    path = state / "changes" / "000002.nq"
    path.write_text("\n".join(path.read_text("utf-8").splitlines()[:-2]), "utf-8")
    assert any("damaged" in fault for fault in verify(state))


def test_shapes_that_became_stricter_meanwhile_are_asked_again(state, tmp_path):
    rooms = tmp_path / "rooms"
    for room in ("ontology", "shapes", "queries", "data"):
        shutil.copytree(ROOT / room, rooms / room)
    id = waiting(state)
    shape = rooms / "shapes" / "Figure.ttl"
    text = shape.read_text("utf-8")
    assert "shape:Figure-unit a sh:PropertyShape ;" in text
    shape.write_text(
        text.replace(
            "shape:Figure-unit a sh:PropertyShape ;", "shape:Figure-unit a sh:PropertyShape ;\n    sh:minLength 40 ;"
        ),
        "utf-8",
    )
    with pytest.raises(Unfit, match="does not pass any more"):
        publish_submission(state, rooms, id, "reviewer", "")
    assert Inbox(state).get(id).state == "waiting"
    assert generations.current(state).number == 1


def _write_under_a_limit(state: str, answers) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = max(path.stat().st_size for path in Path(state).glob("inbox.sqlite*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    kept = []
    try:
        for number in range(200):
            kept.append(waiting(Path(state), number))
    except StoreError as error:
        answers.send((kept, str(error)))
        os._exit(0)
    answers.send((kept, ""))
    os._exit(0)


def test_full_disk_is_told_and_loses_nothing_that_was_acknowledged(state):
    first = waiting(state, 1000)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_write_under_a_limit, args=(str(state), there))
    process.start()
    assert here.poll(120)
    kept, told = here.recv()
    process.join()
    assert "could not be kept" in told
    inbox = Inbox(state)
    assert {submission.id for submission in inbox.select(limit=1000)} == {first, *kept}
    assert inbox.faults() == []
    assert waiting(state, 2000)


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_inbox_on_a_full_disk_is_read_and_saved_and_says_why_it_keeps_nothing(small_disk, tmp_path):
    inbox = Inbox(small_disk)
    number = inbox.take("urn:a", 1)
    with (small_disk / "balloon").open("wb", buffering=0) as balloon, contextlib.suppress(OSError):
        while True:
            balloon.write(bytes(4096))
    with pytest.raises(DiskFull, match="disk is full"):
        for _ in range(100):
            inbox.take("urn:b", 1)
    assert inbox.counts() == {}
    inbox.copy_to(tmp_path / "copy.sqlite")
    (small_disk / "balloon").unlink()
    assert inbox.take("urn:a", 1) == number + 1
    assert inbox.faults() == []


def test_publication_on_a_full_disk_says_so_and_names_no_path(small_disk):
    with (small_disk / "balloon").open("wb", buffering=0) as balloon:
        for write in (lambda staged: ox.Store(str(staged / "store")), lambda staged: generations.commit(
            small_disk, staged, quads=1, edition="", added=0, agent="somebody", reason="because")
        ):  # fmt: skip
            with pytest.raises(DiskFull, match="The disk is full"), generations.staging(small_disk, None) as staged:
                with contextlib.suppress(OSError):
                    while True:
                        balloon.write(bytes(4096))
                write(staged)
    assert generations.current(small_disk) is None


def test_inbox_that_somebody_else_has_for_themselves_on_a_full_disk_is_told_as_full(small_disk, monkeypatch):
    monkeypatch.setattr("sundgraf.store.inbox._PATIENCE", 0.1)
    inbox = Inbox(small_disk)
    inbox.take("urn:a", 1)
    with contextlib.closing(sqlite3.connect(small_disk / "inbox.sqlite", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        with (small_disk / "balloon").open("wb", buffering=0) as balloon, contextlib.suppress(OSError):
            while True:
                balloon.write(bytes(4096))
        with pytest.raises(DiskFull, match="disk is full"):
            inbox.counts()
        (small_disk / "balloon").unlink()  # and a moment later there is room again
        with pytest.raises(Busy, match="Try again"):
            inbox.counts()
    inbox.counts()


def test_clock_that_jumps_back_keeps_the_order_of_publications(state, monkeypatch):
    publish_submission(state, ROOT, waiting(state, 1), "reviewer", "")
    monkeypatch.setattr(generations, "utc_now", lambda: "2001-01-01T00:00:00Z")
    second = publish_submission(state, ROOT, waiting(state, 2), "reviewer", "")
    assert second.number == 3
    assert verify(state) == []


def test_token_in_the_inbox_is_only_a_hash(state):
    token, secret = token_of(state, "reviewer", "somebody", 1)
    assert find_token(state, secret).id == token.id
    held = b"".join(path.read_bytes() for path in state.glob("inbox.sqlite*"))
    assert secret.encode() not in held


def test_server_killed_while_it_publishes_has_published_all_or_nothing(fill, tmp_path):
    with running(fill(tmp_path / "a")) as server:
        secret = make_token(server, "submitter", "steward")
        reviewer = make_token(server, "reviewer", "reviewer")
        with client(server, secret) as steward:
            ids = [send(steward, FIGURE.replace("sg:value 12", f"sg:value {n}")).json()["id"] for n in range(3)]
        with client(server, reviewer) as who:
            for delay, id in zip((0.05, 0.4, 1.2), ids, strict=True):
                if server.process.poll() is not None:
                    break
                try:
                    accept(who.__class__(base_url=who.base_url, headers=who.headers, timeout=delay), id)
                except httpx.HTTPError:
                    continue
        os.killpg(os.getpgid(server.pid), 0)
        for child in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
        os.kill(server.pid, signal.SIGKILL)
        state = server.state
        time.sleep(1)
    with generations.publishing(state):
        pass
    faults = [fault for fault in verify(state) if "the next publication mends that" not in fault]
    assert faults == []
