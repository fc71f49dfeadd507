"""A publication is whole or absent, whatever happens while it is made."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

import pyoxigraph as ox
import pytest

from server import command, environment, run
from sundgraf.application.follow import follow
from sundgraf.application.load import ensure_published, publish_files
from sundgraf.domain.errors import BadInput, MalformedData, StoreUnusable, UnknownFormat
from sundgraf.store import generations
from sundgraf.store.direct import open_direct
from sundgraf.store.feed import read_page
from sundgraf.store.in_memory import load_in_memory

ROOT = Path(__file__).resolve().parent.parent
GOOD = "<https://example.org/a> <https://example.org/b> <https://example.org/c> .\n"


@pytest.fixture
def state(fill, tmp_path):
    return fill(tmp_path / "state")


def size(state: Path) -> int:
    return len(open_direct(state).engine)


def test_files_are_added_beside_what_is_published(state, tmp_path):
    before = size(state)
    (tmp_path / "a.nt").write_text(GOOD)
    made = publish_files(state, [tmp_path / "a.nt"], "https://example.org/g")
    assert made.number == 2
    held = list(open_direct(state).engine.quads_for_pattern(ox.NamedNode("https://example.org/a"), None, None, None))
    assert len(held) == 2  # once in its graph, once in the default graph
    assert size(state) > before + 2  # and the log


def test_graph_that_is_served_from_disk_is_brought_into_order_there(tmp_path, monkeypatch):
    for name in ("a", "b"):
        lines = (
            f"<https://example.org/{n}> <https://example.org/{name}> <https://example.org/c> .\n" for n in range(9)
        )
        (tmp_path / f"{name}.nt").write_text("".join(lines))

    def files_of(state: Path) -> int:
        made = publish_files(state, [tmp_path / "a.nt", tmp_path / "b.nt"])
        assert size(state) == made.quads
        return len(list(made.store.glob("*.sst")))

    as_written = files_of(tmp_path / "small")
    monkeypatch.setattr("sundgraf.application.load._READ_FROM_DISK", 10)
    assert files_of(tmp_path / "large") < as_written


def test_file_with_a_syntax_error_changes_nothing_and_says_where(state, tmp_path):
    before = size(state)
    (tmp_path / "bad.ttl").write_text(
        "<https://example.org/a> a <https://example.org/b> .\n<https://example.org/c> a\n"
    )
    with pytest.raises(MalformedData, match=r"bad\.ttl:3:"):
        publish_files(state, [tmp_path / "bad.ttl"])
    assert size(state) == before
    assert generations.current(state).number == 1
    assert not list(state.glob("staging-*"))


def test_unknown_kind_of_file_is_refused_before_anything_is_done(state, tmp_path):
    (tmp_path / "a.docx").write_text("x")
    with pytest.raises(UnknownFormat, match="docx"):
        publish_files(state, [tmp_path / "a.docx"])
    with pytest.raises(BadInput, match="no file"):
        publish_files(state, [tmp_path / "absent.ttl"])


def test_killed_loader_leaves_the_published_state_and_the_next_one_clears_up(state, tmp_path):
    big = tmp_path / "big.nt"
    with big.open("w") as file:
        for number in range(300_000):
            file.write(f"<https://example.org/{number}> <https://example.org/b> <https://example.org/c> .\n")
    process = subprocess.Popen(command("load", str(big)), env=environment(state))
    while not list(state.glob("staging-*")) and process.poll() is None:
        pass
    process.kill()
    process.wait()
    assert generations.current(state).number == 1
    (tmp_path / "a.nt").write_text(GOOD)
    assert publish_files(state, [tmp_path / "a.nt"]).number == 2
    assert not list(state.glob("staging-*"))


def test_full_disk_while_loading_changes_nothing_and_says_so(state, tmp_path):
    """A limit on the size of files stands in for the end of the disk: the engine sees a failing write in both cases."""
    big = tmp_path / "big.nt"
    with big.open("w") as file:
        for number in range(200_000):
            file.write(f'<https://example.org/{number}> <https://example.org/b> "{number * 7919}" .\n')
    before = generations.current(state).number
    line = " ".join(f"'{part}'" for part in command("load", str(big)))
    done = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; ulimit -f 2000; {line}"],
        env=environment(state), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("sundgraf: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert generations.current(state).number == before
    assert not list(state.glob("staging-*"))


@pytest.mark.parametrize("damage", ["pointer", "meta", "store", "content"])
def test_half_written_state_is_named_with_the_way_out(state, damage):
    generation = generations.current(state)
    if damage == "pointer":
        (state / "current.json").write_text('{"generation": ')
    elif damage == "meta":
        (generation.path / "meta.json").unlink()
    elif damage == "store":
        (generation.store / "CURRENT").unlink()
    else:
        (generation.store / "CURRENT").write_text("nonsense")
    with pytest.raises(StoreUnusable, match="sundgraf load --rebuild"):
        open_direct(state)
    (state.parent / "a.nt").write_text(GOOD)
    with pytest.raises(StoreUnusable, match="sundgraf load --rebuild"):
        publish_files(state, [state.parent / "a.nt"])
    asked = run(state, "query", "ASK { ?s ?p ?o }")
    assert asked.returncode == 2
    assert "--rebuild" in asked.stderr
    assert run(state, "load", "--rebuild").returncode == 0
    assert size(state) > 10_000


def test_damaged_state_that_holds_added_files_is_never_rebuilt_by_itself(state, tmp_path):
    (tmp_path / "a.nt").write_text(GOOD)
    publish_files(state, [tmp_path / "a.nt"])
    (generations.current(state).store / "CURRENT").write_text("nonsense")
    with pytest.raises(StoreUnusable):
        ensure_published(state, ROOT)
    done = run(state, "serve", "--port", "0")
    assert done.returncode == 2
    assert "restore a backup" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_damaged_state_that_our_own_files_can_make_again_is_made_again(state):
    (generations.current(state).store / "CURRENT").write_text("nonsense")
    assert ensure_published(state, ROOT).number == 2
    assert size(state) > 10_000


def test_literals_that_come_back_differently_are_told_or_refused(state, tmp_path):
    (tmp_path / "a.ttl").write_text(
        '<urn:a> <urn:b> "x"@DA, "01"^^<http://www.w3.org/2001/XMLSchema#int>, "y"@da, 7, "2024-01-01", true .\n'
    )
    (tmp_path / "b.ttl").write_text('<urn:a> <urn:b> "x"@da, 7, "2024", false, "1.5"^^<urn:own> .\n')
    refused = run(state, "load", str(tmp_path / "a.ttl"), "--strict")
    assert refused.returncode == 2
    assert "such as @DA as @da" in refused.stderr
    assert generations.current(state).number == 1
    told = run(state, "load", str(tmp_path / "a.ttl"), str(tmp_path / "b.ttl"), "--json")
    assert told.returncode == 0
    assert "a.ttl: the store keeps values, not letters: 2 of" in told.stderr
    assert [(found["file"], found["count"]) for found in json.loads(told.stdout)["rewritten"]] == [("a.ttl", 2)]
    quiet = run(state, "load", str(tmp_path / "b.ttl"), "--strict")
    assert (quiet.returncode, quiet.stderr) == (0, "")


def test_added_files_are_not_left_out_unasked(state, tmp_path):
    (tmp_path / "a.nt").write_text(GOOD)
    publish_files(state, [tmp_path / "a.nt"])
    for arguments, says in (((), "--rebuild"), ((str(tmp_path / "a.nt"), "--rebuild"), "after that"),
                            (("--graph", "https://example.org/g"), "name the files")):  # fmt: skip
        done = run(state, "load", *arguments)
        assert done.returncode == 2
        assert says in done.stderr
    assert generations.current(state).number == 2


def test_unchanged_rooms_are_not_published_again(state):
    assert ensure_published(state, ROOT).number == 1


def test_log_says_who_published_what_and_survives_a_torn_line(state):
    with (state / "publications.jsonl").open("a") as log:
        log.write('{"number": 99, "ti')
    entries = generations.log(state)
    assert [entry["number"] for entry in entries] == [1]
    assert entries[0]["reason"] == "edition of the repository's files"


def test_state_directory_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    done = run(tmp_path / "file" / "state", "load")
    assert done.returncode == 2
    assert "SUNDGRAF_STATE" in done.stderr


def test_default_graph_is_the_union_of_the_named_ones(state):
    engine = open_direct(state).engine
    missing = engine.query(
        "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } FILTER(!isBlank(?s) && !isBlank(?o)) "
        "FILTER NOT EXISTS { ?s ?p ?o } }"
    )
    assert [row["n"].value for row in missing] == ["0"]


def test_literals_come_back_as_written(state):
    """What `sundgraf check` demands of our files is enough for the store to give them back unchanged."""
    engine = open_direct(state).engine
    for path in sorted((ROOT / "data" / "ttl").rglob("*.ttl")):
        for quad in ox.parse(path=str(path)):
            if isinstance(quad.object, ox.Literal):
                assert ox.Quad(quad.subject, quad.predicate, quad.object) in engine
                found = {q.object for q in engine.quads_for_pattern(quad.subject, quad.predicate, quad.object)}
                assert {(o.value, o.language, o.datatype) for o in found} >= {
                    (quad.object.value, quad.object.language, quad.object.datatype)
                }


def test_backup_and_restore_bring_everything_back(state, tmp_path):
    archive = tmp_path / "b.tar.gz"
    feed = follow(state)
    assert run(state, "backup", str(archive)).returncode == 0
    other = tmp_path / "other"
    assert run(other, "restore", str(archive)).returncode == 0
    assert size(other) == size(state)
    assert follow(other) == feed  # pages that readers keep for ever are the same ones
    assert read_page(other, feed, feed.series, 1) == read_page(state, feed, feed.series, 1)
    again = run(other, "restore", str(archive))
    assert again.returncode == 2
    assert "--force" in again.stderr
    half = tmp_path / "half.tar.gz"
    half.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    broken = run(other, "restore", str(half), "--force")
    assert broken.returncode == 2
    assert "nothing was changed" in broken.stderr
    assert size(other) == size(state)


def archive_of(path, files, *, number=1):
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = json.dumps({"publication": number, "sha256": sums}).encode()
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {**files, "sundgraf-backup.json": manifest}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"publications.jsonl": b""},
        {"current.json": b'{"generation": "000001"}', "publications.jsonl": b""},
        {"current.json": b"[]", "publications.jsonl": b"", "generations/000001/meta.json": b"{}"},
        {"current.json": b'{"generation": ".."}', "publications.jsonl": b""},
        {
            "current.json": b'{"generation": "000001"}',
            "publications.jsonl": b"",
            "generations/000001/meta.json": json.dumps(
                {"number": 1, "time": "2026-01-01T00:00:00Z", "quads": 1, "edition": "", "added": 0}
            ).encode(),
            "generations/000001/store/CURRENT": b"nonsense",
        },
    ],
    ids=["empty", "no pointer", "no generation", "a list for a pointer", "a pointer upwards", "a broken store"],
)
def test_an_archive_that_is_no_backup_changes_nothing(state, tmp_path, files):
    before = (state / "current.json").read_bytes(), (state / "publications.jsonl").read_bytes(), size(state)
    done = run(state, "restore", str(archive_of(tmp_path / "crafted.tar.gz", files)), "--force")
    assert done.returncode == 2, done.stderr
    assert "nothing was changed" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    after = (state / "current.json").read_bytes(), (state / "publications.jsonl").read_bytes(), size(state)
    assert after == before
    assert not list(state.glob("staging-*"))


def test_a_backup_put_over_something_becomes_the_next_publication(state, tmp_path):
    archive = tmp_path / "b.tar.gz"
    assert run(state, "backup", str(archive)).returncode == 0
    other = tmp_path / "other"
    assert run(other, "restore", str(archive)).returncode == 0
    assert (other / "publications.jsonl").read_bytes() == (state / "publications.jsonl").read_bytes()
    number = generations.current(other).number
    with (other / "publications.jsonl").open("ab") as torn:
        torn.write(b'{"number": 99, "ti')
    done = run(other, "restore", str(archive), "--force")
    assert done.returncode == 0
    assert generations.current(other).number == number + 1
    assert [entry["number"] for entry in generations.log(other)] == [*range(1, number + 2)]
    assert size(other) == size(state)


def test_export_holds_every_named_graph(state):
    done = run(state, "export")
    assert done.returncode == 0
    graphs = {quad.graph_name for quad in ox.parse(done.stdout.encode(), format=ox.RdfFormat.N_QUADS)}
    assert graphs == set(open_direct(state).engine.named_graphs())
    assert json.loads(run(state, "version", "--json").stdout)["sundgraf"]


def test_copy_kept_for_the_next_start_is_used_only_when_it_is_whole(tmp_path):
    generation = publish_files(tmp_path, [write(tmp_path / "a.nt", 50)])
    copy = tmp_path / "copies" / generation.columns.name
    for spoil in (lambda: None, lambda: None, lambda: copy.write_bytes(copy.read_bytes()[:-40]), copy.unlink):
        held = load_in_memory(generation.store, copy, generation.quads)
        assert set(held) == set(ox.Store.read_only(str(generation.store)))
        assert copy.read_bytes().count(b"\n") == generation.quads
        spoil()


def write(path: Path, count: int) -> Path:
    path.write_text("".join(f'<urn:s:{i}> <urn:p> "{i}" .\n' for i in range(count)))
    return path
