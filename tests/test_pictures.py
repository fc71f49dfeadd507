"""The words in the pictures: whole on a wide screen, whatever their length."""

from __future__ import annotations

import re

import httpx
import pytest

from sundgraf.http.pictures.lettering import cut, fit, wrap

DRAWN = [
    "/", "/pictures/timeline", "/pictures/timeline?country=pl-0017", "/pictures/solution-by-region",
    "/pictures/use-case-by-country", "/pictures/records-by-country", "/pictures/lineage",
    "/pictures/technology-by-maturity",
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "da"])
def test_names_in_pictures_stand_whole(server, language):
    for path in DRAWN:
        address = f"{server.url}{path}{'&' if '?' in path else '?'}lang={language}"
        page = httpx.get(address, headers={"Accept": "text/html"}).text
        texts = re.findall(r'<text[^>]*class="(?!narrow)[^"]*"[^>]*>([^<]*)</text>', page)
        assert texts, path
        assert [text for text in texts if "…" in text] == [], path


def test_lines_are_broken_between_words_and_cut_where_nothing_else_helps():
    assert wrap("AI til opsporing af knoglebrud", 118, 10, 3) == ["AI til opsporing af", "knoglebrud"]
    assert wrap("AI til opsporing af knoglebrud", 118, 10, 1) == ["AI til opsporing af…"]
    assert wrap("Databeskyttelsesforordningen", 118, 10, 3) == ["Databeskyttelsesfor-", "ordningen"]
    assert all(len(line) <= 20 for line in wrap("Databeskyttelsesforordningen nu", 118, 10, 1))
    assert fit("kort", 100, [(14, 1), (12, 2)]) == (["kort"], 14)
    assert fit("to ord og flere", 60, [(14, 1), (10, 2)]) == (["to ord og", "flere"], 10)
    assert cut("Region Nordjylland", 59, 10) == "Region No…"
