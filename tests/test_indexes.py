"""Indexes in long buffers, and the files that web processes share them by."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from tests.server import processes_of

from sundgraf.application.stemming import stems_of
from sundgraf.domain.facets import CLASS, Choice, Facets
from sundgraf.domain.finder import Finder, Name
from sundgraf.domain.labels import Labels
from sundgraf.domain.packed import Groups, KeyedGroups, Keys, Strings
from sundgraf.domain.texts import Texts
from sundgraf.store.index_file import read_index, write_index

ODD = ["", "a", "æøå", "𝔄", "\ud800", "a\0b", "x" * 5000]


def test_texts_come_back_as_they_were_given():
    given = [*ODD, *ODD]
    assert list(Strings(given)) == given
    assert len(Strings([])) == 0


def test_each_key_has_the_number_of_its_place_and_others_have_none():
    chance = random.Random(1)
    given = list(dict.fromkeys([*ODD, *(f"https://example.org/{chance.getrandbits(20)}" for _ in range(3000))]))
    keys = Keys(given)
    assert [keys.number(text) for text in given] == list(range(len(given)))
    assert all(keys.number(text + "-") is None for text in given)
    assert Keys([]).number("a") is None


def test_members_stay_in_the_order_in_which_they_came():
    pairs = [(2, 5), (0, 1), (2, 3), (2, 5)]
    groups = Groups(pairs, 4)
    assert [list(groups[owner]) for owner in range(4)] == [[1], [], [5, 3, 5], []]
    by_text = KeyedGroups(("æ" if owner else "", member) for owner, member in pairs)
    assert (list(by_text["æ"]), list(by_text[""]), list(by_text["ae"])) == ([5, 3, 5], [1], [])


@pytest.fixture(scope="module")
def made():
    names = [
        Name(f"https://example.org/{n}", "c", text, language)
        for n, (text, language) in enumerate([("Hjertesvigt", "da"), ("Heart failure", "en"), ("Heart rhythm", "en")])
    ]
    said = [(name.iri, name.text) for name in names]
    facets = Facets((name.iri, facet, value) for name in names for facet, value in ((CLASS, "c"), ("word", name.text)))
    labels = Labels((name.iri, name.language, name.text) for name in names)
    return Finder(names, stems_of), Texts(said, [(names[0].iri, "Blood is pumped")], stems_of), facets, labels


def test_an_index_from_a_file_finds_what_it_found_before(made, tmp_path):
    write_index(made, tmp_path / "all.index")
    read = read_index(tmp_path / "all.index")
    for finder, texts, facets, labels in (made, read):
        assert [hit.name for hit in finder.find("heart")] == ["Heart rhythm", "Heart failure"]
        assert finder.rank("heart failrue")[0].iri == "https://example.org/1"
        assert [found.iri for found in texts.find("pumping")] == ["https://example.org/0"]
        assert facets.count(Choice(), "word") == [("Heart failure", 1), ("Heart rhythm", 1), ("Hjertesvigt", 1)]
        assert labels.find("https://example.org/0", "en") == "Hjertesvigt"


@pytest.mark.parametrize("broken", [b"", b"\0" * 7, b"\x01" + b"\0" * 7 + b"\x05" + b"\0" * 7 + b"wrong\0\0\0"])
def test_a_broken_file_is_said_to_be_broken(broken, tmp_path):
    (tmp_path / "broken.index").write_bytes(broken)
    with pytest.raises(ValueError):
        read_index(tmp_path / "broken.index")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="what is mapped stands in /proc, on Linux")
def test_web_processes_map_one_file_for_each_index(server):
    indexes, end = server.state / "indexes", time.monotonic() + 120
    kinds = {"names", "texts", "facets", "facet-names"}
    sharing = 0
    while sharing < 2 and time.monotonic() < end:  # made some seconds after the start, by whichever comes first
        time.sleep(0.2)
        maps = [(Path("/proc") / str(pid) / "maps").read_text() for pid in processes_of(server)]
        sharing = sum(all(f"{indexes}/{kind}/" in each for kind in kinds) for each in maps)
    assert sharing >= 2
    assert {folder.name: len(list(folder.glob("*.index"))) for folder in indexes.iterdir()} == dict.fromkeys(kinds, 1)
