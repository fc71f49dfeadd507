"""Find out whether log, changes, graph and inbox of a state agree."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from sundgraf.application.replay import log_of
from sundgraf.domain.errors import StoreUnusable
from sundgraf.domain.submission import ACCEPTED
from sundgraf.store import generations, journal
from sundgraf.store.direct import open_direct
from sundgraf.store.inbox import Inbox


def verify(state: Path) -> list[str]:
    """Return what does not agree, one line each; nothing where all is well. Raises StoreUnusable without a state."""
    held = generations.current(state)
    if held is None:
        raise StoreUnusable(f"Nothing is published in {str(state)!r}; run `sundgraf load`.")
    log = generations.lineage(state)
    faults = _faults_of_log(state, log, held)
    store = open_direct(state).engine
    if len(store) != held.quads:
        faults.append(f"The graph has {len(store)} statements; the log says {held.quads}.")
    try:
        expected = set(log_of(state))
    except StoreUnusable as error:
        return [*faults, str(error)]
    found = set(store.quads_for_pattern(None, None, None, journal.LOG_GRAPH))
    if expected != found:
        faults.append(f"The graph's own log differs from the log in {len(expected ^ found)} statements.")
    return faults + _faults_of_changes(state, log, store) + _faults_of_inbox(state, log)


def _faults_of_log(state: Path, log: list[dict[str, object]], held: generations.Generation) -> list[str]:
    faults = []
    numbers = [int(str(entry["number"])) for entry in log]
    if len(set(numbers)) != len(numbers):
        faults.append("The log has a number twice.")
    everything = generations.log(state)
    newest = max((int(str(entry["number"])) for entry in everything), default=0)
    if newest != held.number:
        faults.append(f"The log goes to publication {newest}; published is {held.number}.")
    lines = (state / "publications.jsonl").read_text("utf-8").splitlines()
    if len(lines) != len(everything):
        faults.append(f"{len(lines) - len(everything)} lines of the log cannot be read.")
    return faults


def _faults_of_changes(state: Path, log: list[dict[str, object]], store: ox.Store) -> list[str]:
    """Compare the newest word on each statement of accepted submissions with the graph."""
    last: dict[ox.Quad, bool] = {}
    faults = []
    for entry in log:
        number = int(str(entry["number"]))
        change = journal.read_change(state, number)
        if change is None:
            if entry.get("submission"):
                faults.append(f"What publication {number} changed is not there any more.")
            continue
        if not entry.get("submission"):
            last.clear()  # an edition of the files says everything anew
            continue
        last |= dict.fromkeys(change.removed, False)
        last |= dict.fromkeys(change.added, True)
    wrong = [quad for quad, there in last.items() if (quad in store) != there]
    if wrong:
        faults.append(f"{len(wrong)} statements of accepted submissions are not as the log says, such as {wrong[0]}.")
    return faults


def _faults_of_inbox(state: Path, log: list[dict[str, object]]) -> list[str]:
    if not (state / "inbox.sqlite").exists():
        return []
    inbox = Inbox(state)
    faults = [f"The inbox is damaged: {fault}." for fault in inbox.faults()]
    published = {str(e["submission"]): int(str(e["number"])) for e in log if e.get("submission")}
    if len(published) != sum(1 for entry in log if entry.get("submission")):
        faults.append("A submission was published twice.")
    accepted: dict[str, int] = {}
    while page := inbox.select(state=ACCEPTED, limit=1000, start=len(accepted)):
        accepted |= {submission.id: submission.publication for submission in page}
    for id, number in accepted.items():
        if published.get(id) != number:
            faults.append(f"Submission {id} is accepted as publication {number}, which the log does not have.")
    for id in published.keys() - accepted.keys():
        faults.append(f"Submission {id} is published, but the inbox does not say so; the next publication mends that.")
    return faults
