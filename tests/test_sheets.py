"""Records in a sheet: the template made from the shapes, filled in, read back, and told row and column of a fault."""

from __future__ import annotations

import datetime
import io
import zipfile

import httpx
import openpyxl
import pytest

from server import run
from test_validate_service import post

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PROJECT = {
    "record": "my-project", "title (da)": "Prøve af ark", "title (en)": "Trial of sheets",
    "description (da)": "Et regneark prøves af.", "description (en)": "A sheet is tried out.",
    "source": "src-0000", "use case": "Ultralyd af leveren med AI", "place": "Region Nordjylland",
    "start date": "03/2025",
}  # fmt: skip
STATUS = {"record": "s1", "about": "my-project", "stage": "pilot", "basis": "stated", "confidence": "high",
          "source": "src-0000"}  # fmt: skip
TECHNOLOGY = {"record": "c1", "classifies": "my-project", "dimension": "concept/technology",
              "classified as": "technology/ai-image-processing", "basis": "stated", "confidence": "high",
              "source": "src-0000"}  # fmt: skip


def template(server, name: str = "Project", language: str = "en") -> openpyxl.Workbook:
    answer = httpx.get(f"{server.url}/templates/{name}.xlsx", params={"lang": language}, timeout=60)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == XLSX
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def filled(book: openpyxl.Workbook, **sheets: dict[str, str]) -> bytes:
    for name, row in sheets.items():
        sheet = book[name.replace("_", " ")]
        headings = [cell.value for cell in sheet[1]]
        for heading, value in row.items():
            sheet.cell(2, headings.index(heading) + 1, value)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def good(server, **changed: str) -> bytes:
    return filled(
        template(server), Project={**PROJECT, **changed}, Status_report=STATUS, Classification=TECHNOLOGY
    )  # fmt: skip


def violations(answer: httpx.Response) -> list[dict]:
    assert answer.status_code == 200, answer.text
    return [finding for finding in answer.json()["findings"] if finding["severity"] == "violation"]


def test_template_has_a_sheet_for_each_class_that_a_record_needs_with_lists_and_help(server):
    book = template(server, language="da")
    assert book.sheetnames == ["Projekt", "Klassifikation", "Statusmelding", "hjælp", "lister"]
    assert [cell.value for cell in book["Projekt"][1]][:3] == ["post", "titel (da)", "titel (en)"]
    assert any(rule.type == "list" for rule in book["Statusmelding"].data_validations.dataValidation)
    assert any("pilot" in str(cell.value).lower() for row in book["lister"].iter_rows() for cell in row)


def test_filled_template_passes(server):
    assert violations(post(server, good(server), XLSX)) == []


def test_same_rows_pass_as_csv_in_danish_with_semicolons_and_cp1252(server):
    headings = httpx.get(f"{server.url}/templates/Project.csv", params={"lang": "da"}).content.decode("utf-8-sig")
    names = headings.splitlines()[0].split(";")
    rows = [
        {"post": "mit", "klasse": "Projekt", "titel (da)": "Prøve af rækker", "titel (en)": "Trial of rows",
         "beskrivelse (da)": "Æ, ø og å.", "beskrivelse (en)": "Letters.", "kilde": "src-0000",
         "brugsscenarie": "ultralyd af leveren med ai", "sted": "Region Nordjylland"},
        {"post": "k", "klasse": "Klassifikation", "klassificerer": "mit", "dimension": "concept/technology",
         "klassificeret som": "technology/robots-and-other",
         "grundlag": "stated", "sikkerhed": "high", "kilde": "src-0000"},
        {"post": "s", "klasse": "Statusmelding", "handler om": "mit", "stadie": "pilot", "grundlag": "stated",
         "sikkerhed": "high", "kilde": "src-0000"},
    ]  # fmt: skip
    text = "\n".join([";".join(names), *(";".join(row.get(name, "") for name in names) for row in rows)])
    answer = post(server, text.encode("cp1252"), CSV)
    assert violations(answer) == []
    assert any("Windows-1252" in finding["message"]["en"] for finding in answer.json()["findings"])


@pytest.mark.parametrize(
    ("heading", "value", "rule", "words"),
    [
        ("use case", "Ultralyd af levern med AI", "sheet-concept", "Did you mean Ultralyd af leveren med AI?"),
        ("place", "Region Nordjyland", "sheet-reference", "Did you mean Region Nordjylland?"),
        ("source", "src-9999", "sheet-reference", "No record is called"),
        ("start date", "12/31/2025", "sheet-date", "month/day/year"),
        ("start date", "soon", "sheet-date", "is no date"),
        ("page of the source", "1.234", "sheet-integer", "read in two ways; write 1234."),
        ("start date", "31.02.2025", "sheet-date", "no such day"),
        ("start date", "45717", "sheet-date", "Did you mean 2025-03-01?"),
        ("page of the source", "=1+1", "sheet-integer", "formula"),
        ("title (da)", "", "Project-title", "Write the title once in Danish"),
    ],
)
def test_fault_has_row_and_column_and_says_what_to_write(server, heading, value, rule, words):
    found = violations(post(server, good(server, **{heading: value}), XLSX))
    finding = next(finding for finding in found if finding["rule"] == rule)
    assert words in finding["message"]["en"]
    assert finding["line"] == 2
    if value:
        headings = [cell.value for cell in template(server)["Project"][1]]
        assert finding["column"] == headings.index(heading) + 1


def test_numbers_and_days_of_a_workbook_are_read_as_they_are_shown(server):
    claim = {"record": "e", "about": "s-0002", "effect basis": "measured", "unit": "AUC"}
    for value in (0.912, 1.234, "0,912", 12):
        found = violations(
            post(server, filled(template(server, "EffectClaim"), Effect_claim={**claim, "value": value}), XLSX)
        )
        assert not [f for f in found if f["property"].endswith("/value")], value
    found = violations(
        post(server, filled(template(server, "EffectClaim"), Effect_claim={**claim, "value": "1,234"}), XLSX)
    )
    assert "write 1234, or 1.2340" in next(f["message"]["en"] for f in found if f["property"].endswith("/value"))
    found = violations(post(server, good(server, **{"start date": datetime.datetime(2025, 3, 1, 13, 30)}), XLSX))
    assert found == []


def test_names_from_the_lists_are_enough_and_a_wrong_one_is_told_once_in_the_readers_language(server):
    book = template(server, language="da")
    lists = {cell[0].value: [c.value for c in cell[1:] if c.value] for cell in book["lister"].iter_cols()}
    assert "Teknologitype" in lists["dimension"]
    assert "AI til billedbehandling" in lists["klassificeret som"]
    row = {**TECHNOLOGY, "dimension": "teknologitype", "classified as": "AI til billedbehandling"}
    status = {**STATUS, "stage": "pilott"}
    body = filled(template(server), Project=PROJECT, Status_report=status, Classification=row)
    found = violations(post(server, body, XLSX))
    assert [f["rule"] for f in found] == ["sheet-concept"]
    text = httpx.post(
        f"{server.url}/validate?lang=da", content=body, headers={"Content-Type": XLSX, "Accept": "text/plain"}
    )
    assert "Mente du Pilot?" in text.text
    assert "tilladt: Afsluttet, I drift" in text.text


def test_sheet_that_is_not_laid_out_as_the_template_is_told_what_to_do(server):
    book = template(server)
    book["Project"].title = "Projects"
    book["Classification"].merge_cells("B2:C2")
    book["Status report"].insert_rows(1)
    book["Status report"].cell(1, 1, "Region X")
    sink = io.BytesIO()
    for sheet in book.worksheets[:3]:
        sheet.cell(3, 1, "x")
    book.save(sink)
    said = [f["message"]["da"] for f in post(server, sink.getvalue(), XLSX).json()["findings"]]
    for words in (
        "Mente du Projekt?",
        "flettede celler (B2:C2)",
        "Den første række har ingen af skabelonens overskrifter",
    ):
        assert any(words in one for one in said), (words, said)
    double = "record;class;title (en)\nx;Project;y\nx;Project;z\n"
    assert "sheet-record" in {f["rule"] for f in violations(post(server, double, CSV))}


def test_unknown_heading_is_told_with_the_nearest(server):
    text = "record;class;titel (dk)\nx;Project;y\n"
    finding = next(f for f in violations(post(server, text, CSV)) if f["rule"] == "sheet-heading")
    assert (finding["line"], finding["column"], finding["nearest"]) == (1, 3, "titel (da)")


def bomb() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (200 << 20))
    return sink.getvalue()


def entities(server) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good(server))) as old, zipfile.ZipFile(sink, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "xl/workbook.xml":
                content = b'<!DOCTYPE x [<!ENTITY a "b">]>' + content
            new.writestr(part.filename, content)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("make", "media_type", "status", "words"),
    [
        (lambda server: b"PK\x03\x04 no workbook", XLSX, 400, "no XLSX workbook"),
        (lambda server: bomb(), XLSX, 413, "unpacks to more"),
        (entities, XLSX, 400, "entities"),
        (lambda server: good(server)[:-2000], XLSX, 400, "no XLSX workbook"),
        (lambda server: b"record;class\n", CSV, 400, "no row under the headings"),
        (lambda server: b"\x00\x01\x02", CSV, 400, "no CSV"),
        (lambda server: b"record;class;title (da)\nx;Project;" + b"z" * 60_000, CSV, 413, "50,000 characters"),
    ],
    ids=["no-workbook", "bomb", "entities", "truncated", "no-rows", "binary", "long-cell"],
)  # fmt: skip
def test_hostile_or_broken_sheets_are_refused_in_words(server, make, media_type, status, words):
    answer = post(server, make(server), media_type)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_what_excel_keeps_of_its_own_queries_is_passed_over(server):
    sink = io.BytesIO(good(server))
    with zipfile.ZipFile(sink, "a") as book:
        book.writestr("customXml/item1.xml", "<DataMashup/>".encode("utf-16"))
    assert post(server, sink.getvalue(), XLSX).json() == post(server, good(server), XLSX).json()


def test_merged_cells_and_formulas_are_told(server):
    book = template(server)
    book["Project"].merge_cells("B2:C2")
    answer = post(server, filled(book, Project={"record": "x", "use case": "=cmd|'/c calc'!A1"}), XLSX).json()
    rules = {finding["rule"] for finding in answer["findings"]}
    assert {"sheet-form", "sheet-concept"} <= rules


def test_hidden_sheets_are_not_read(server):
    book = template(server)
    book["Project"].sheet_state = "hidden"
    assert post(server, filled(book, Project={"record": "x"}), XLSX).json()["total"] == 0


def test_command_line_makes_and_reads_sheets(server, tmp_path):
    target = tmp_path / "p.xlsx"
    assert run(server.state, "template", "Project", "-o", str(target)).returncode == 0
    target.write_bytes(good(server, place="Nowhere at all"))
    done = run(server.state, "validate", str(target))
    assert done.returncode == 1
    assert "p.xlsx!Project:2:9: to mend: place: " in done.stdout
    unknown = run(server.state, "template", "Projekct", "-o", str(target))
    assert unknown.returncode == 2
    assert "take one of" in unknown.stderr
