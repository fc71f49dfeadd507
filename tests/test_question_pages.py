"""The pages of the stored questions: forms, charts, groups, and the snippets, which are run as they stand."""

from __future__ import annotations

import csv
import html
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sundgraf.application.ask import load_questions
from sundgraf.application.group_questions import group_questions

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = load_questions(ROOT / "queries" / "ask")
HTML = {"Accept": "text/html"}


def page_of(server, path: str) -> str:
    answer = httpx.get(server.url + path, headers=HTML, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def snippet(page: str, title: str) -> str:
    part = page.split(f"<summary>{title}</summary>")[1]
    return html.unescape(re.search(r"<code[^>]*>(.*?)</code>", part, re.DOTALL)[1])


def test_every_question_is_in_a_group():
    groups = group_questions(ROOT / "queries" / "groups.toml", QUESTIONS.values())
    assert {question.name for group in groups for question in group.questions} == set(QUESTIONS)
    assert all(len(group.questions) >= 5 for group in groups)


def test_list_of_questions_is_searched_in_both_languages(server):
    page = page_of(server, "/ask?lang=da&q=sælger")
    assert "/ask/products-and-vendors?" in page
    assert "/ask/lineage?" not in page
    assert "Intet spørgsmål" in page_of(server, "/ask?lang=da&q=zzz")


@pytest.mark.parametrize("name", QUESTIONS)
def test_inputs_of_a_question_fit_its_parameters(server, name):
    question = QUESTIONS[name]
    page = page_of(server, f"/ask/{name}?" + "&".join(f"{k}={v}" for k, v in question.examples().items()))
    assert "<!doctype html>" in page
    for parameter in question.parameters:
        if parameter.name == "language":
            continue
        control = re.search(rf'<(select|input) id="p-{parameter.name}"[^>]*>', page)
        assert control, parameter.name
        if parameter.type == "concept":
            assert control[1] == "select"
            chosen = re.search(r'<option value="([^"]*)" selected>', page[control.start() :].partition("</select>")[0])
            assert (chosen[1] if chosen else "") == (parameter.example or "")
        if parameter.type == "year":
            assert 'type="number"' in control[0]


def test_name_of_a_thing_does_as_well_as_its_identifier(server):
    page = page_of(server, "/ask/lacking-in-region?region=Region Nordjylland&lang=da")
    assert '<option value="pl-0005" selected>' in page


def test_bars_are_the_numbers_of_the_answer(server):
    page = page_of(server, "/ask/technology-by-maturity?lang=en")
    drawn = [int(found) for found in re.findall(r"<g><title>[^<]*: (\d+)</title>", page)]
    rows = csv.DictReader(io.StringIO(httpx.get(f"{server.url}/ask/technology-by-maturity.csv").text))
    assert drawn == [int(row["solutions"]) for row in rows]
    assert "<figure" not in page_of(server, "/ask/lineage?lang=en")


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_curl_snippet_gives_the_answer(server):
    text = snippet(page_of(server, "/ask/lacking-in-region?region=pl-0004&lang=da"), "curl")
    said = subprocess.run(["sh", "-c", text], capture_output=True, text=True, timeout=60, check=True).stdout
    rows = list(csv.DictReader(io.StringIO(said)))
    assert rows
    assert {row["regionLabel"] for row in rows} == {"Region Midtjylland"}


def test_python_snippet_gives_a_data_frame(server):
    text = snippet(page_of(server, "/ask/technology-by-maturity?lang=da"), "Python")
    more = text + "\nprint(len(table), list(table.columns))\n"
    said = subprocess.run([sys.executable, "-c", more], capture_output=True, text=True, timeout=120, check=True).stdout
    assert "16 ['language', 'technology', 'technologyLabel'" in said


R_KINDS = {  # one question of each kind: nothing to choose, a thing, a concept, words, a year, a country
    "use-cases-across-countries": "", "lacking-in-region": "region=pl-0004", "solutions": "maturity=in-operation",
    "find": "words=screening+for+brystkræft", "old-pilots": "before=2023", "timeline": "country=pl-0000",
}  # fmt: skip


@pytest.mark.skipif(not shutil.which("Rscript"), reason="no R here: apt install r-base-core")
def test_r_snippets_of_every_kind_give_the_rows_of_the_answer(server):
    texts, rows = [], {}
    for name, given in R_KINDS.items():
        page = page_of(server, f"/ask/{name}?{given}&lang=da")
        file = html.unescape(re.search(rf'href="(/ask/{name}\.csv[^"]*)"', page)[1])
        answer = list(csv.DictReader(io.StringIO(httpx.get(server.url + file).text)))
        rows[name] = [str(len(answer)), str(len(answer[0])), answer[-1][list(answer[0])[-1]] or "NA"]
        texts += [snippet(page, "R"), f'cat("\\nROWS {name}", nrow(table), ncol(table), "", sep="|")',
                  'cat(as.character(table[nrow(table), ncol(table)]), "\\n")']  # fmt: skip
    command = ["Rscript", "--vanilla", "-"]  # base packages are enough
    done = subprocess.run(command, input="\n".join(texts), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    got = {
        line.split("|")[0][5:]: [part.strip() for part in line.split("|")[1:]]
        for line in done.stdout.splitlines()
        if line.startswith("ROWS ")
    }
    assert got == rows


@pytest.mark.skipif(not shutil.which("node"), reason="no node here")
def test_javascript_snippet_gives_rows(server):
    text = snippet(page_of(server, "/ask/technology-by-maturity?lang=da"), "JavaScript")
    command = ["node", "--input-type=module", "-e", text]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "AI til billedbehandling" in said


def test_question_is_opened_in_the_editor_with_its_parameters(server):
    page = page_of(server, "/ask/lacking-in-region?region=pl-0004&lang=da")
    link = html.unescape(re.search(r'href="(/sparql\?[^"]*example=lacking-in-region[^"]*)"', page)[1])
    assert "id/place/pl-0004&gt; &#34;da&#34;)" in page_of(server, link)
