"""POST /validate: any format in, any format out, every kind of bad input answered clearly and without harm."""

from __future__ import annotations

import contextlib
import resource
import socket
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
import rdflib

from server import processes_of, running
from test_validate import GOOD

PREFIXES = GOOD.partition("\n\n")[0] + "\n"
SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
BAD = GOOD.replace("confidence/high", "confidence/hihg")
LONG_LIST = PREFIXES + "<x> a sg:Figure ; sg:value (" + "1 " * 100_000 + ") ."
NESTED = PREFIXES + "<x> a sg:Figure ; sg:value " + "(" * 100_000 + ")" * 100_000 + " ."
CYCLE = PREFIXES + "_:a sg:about _:b . _:b sg:about _:a ; a sg:Figure ."
ENTITIES = (
    '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
)
OUTSIDE = (
    '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rdf:RDF xmlns:e="http://e/"'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="http://e/a">'
    "<e:p>&x;</e:p></rdf:Description></rdf:RDF>"
)
REMOTE = '{"@context": "http://127.0.0.1:9/context.jsonld", "@id": "http://x/a", "http://x/p": 1}'


def post(server, text, media_type="text/turtle", accept="application/json", **options) -> httpx.Response:
    content = text if isinstance(text, bytes) else text.encode()
    return httpx.post(
        f"{server.url}/validate", content=content, timeout=60,
        headers={"Content-Type": media_type, "Accept": accept}, **options,
    )  # fmt: skip


def test_good_record_conforms(server):
    answer = post(server, GOOD).json()
    assert answer["conforms"] is True
    assert [finding["severity"] for finding in answer["findings"]] == ["info"]


def test_finding_says_field_value_what_is_allowed_and_where(server):
    answer = post(server, BAD).json()
    assert answer["conforms"] is False
    finding = answer["findings"][0]
    assert finding["field"] == {"en": "confidence", "da": "sikkerhed"}
    assert finding["value"].endswith("confidence/hihg")
    assert finding["nearest"] == "confidence/high"
    assert "confidence/low" in finding["allowed"]
    assert (finding["line"], finding["column"]) == (9, 19)
    assert httpx.get(finding["shape"].replace("https://w3id.org/sundgraf", server.url)).status_code == 200


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("text/turtle", "ttl"), ("application/trig", "trig"), ("application/n-triples", "nt"),
        ("application/n-quads", "nq"), ("application/ld+json", "jsonld"), ("application/rdf+xml", "rdf"),
    ],
)  # fmt: skip
def test_every_format_in_gives_the_same_findings(server, media_type, name):
    text = ox.serialize(ox.parse(BAD, format=ox.RdfFormat.TURTLE), format=ox.RdfFormat.from_extension(name)) or b""
    rules = {finding["rule"] for finding in post(server, text, media_type).json()["findings"]}
    assert rules == {"Figure-confidence", "gate-unpublished"}


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"]
)
def test_answer_is_a_shacl_report_in_every_format(server, media_type):
    answer = post(server, BAD, accept=media_type)
    assert answer.headers["content-type"].startswith(media_type)
    graph = rdflib.Graph().parse(data=answer.text, format=media_type)
    assert next(graph.objects(None, SH.conforms)) == rdflib.Literal(False)
    focus = rdflib.URIRef("https://w3id.org/sundgraf/id/figure/fg-9001")
    assert set(graph.objects(None, SH.focusNode)) == {focus}
    assert len(set(graph.objects(None, SH.sourceConstraintComponent))) == 2  # also what no shape says


def test_plain_text_and_page_speak_danish(server):
    text = post(server, BAD, accept="text/plain", params={"lang": "da"}).text
    assert "document:9:19:" in text
    assert "Mente du confidence/high?" in text
    page = httpx.post(
        f"{server.url}/validate?lang=da", headers={"Accept": "text/html"}, files={"file": ("min.ttl", BAD)}
    ).text
    assert "Skal rettes" in page
    assert "min.ttl, linje 9, kolonne 19" in page


def test_text_pasted_into_the_page_is_validated_and_kept_there(server):
    page = httpx.post(
        f"{server.url}/validate", headers={"Accept": "text/html"}, data={"text": BAD, "format": "ttl"}
    ).text
    assert "Did you mean confidence/high?" in page
    assert "figure/fg-9001&gt; a sg:Figure" in page


@pytest.mark.parametrize(
    ("text", "media_type", "status", "words"),
    [
        ("<a> <b> .", "text/turtle", 400, "document:1:"),
        (GOOD.encode("cp1252"), "text/turtle", 400, "Windows-1252"),
        (GOOD.encode("utf-16"), "text/turtle", 400, "UTF-16"),
        ("", "text/turtle", 400, "Nothing was sent"),
        ("x", "application/pdf", 415, "is not read here"),
        (REMOTE, "application/ld+json", 400, "document:1:2: it cannot be read from here: an @context at"),
        ('{"a": 1}', "application/ld+json", 400, "an @context explains them"),
        ("<a>\n<b>\n</a>", "application/rdf+xml", 400, "document:3:3:"),
        (ENTITIES, "application/rdf+xml", 400, "entities"),
        (OUTSIDE, "application/rdf+xml", 400, "never fetched"),
        (b"<x> <y> \"" + b"z" * (10 << 20) + b"\" .", "text/turtle", 413, "10,485,760 bytes"),
    ],
    ids=[
        "syntax", "cp1252", "utf-16", "empty", "pdf", "remote-context", "no-context", "xml", "entities",
        "outside-entity", "too-large",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_what_to_do(server, text, media_type, status, words):
    answer = post(server, text, media_type)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]
    assert server.process.poll() is None


def test_syntax_error_has_line_and_column(server):
    problem = post(server, GOOD.replace('"scans" ;', '"scans ;')).json()
    assert (problem["line"], problem["column"] > 0) == (11, True)
    assert "Parser error at" not in problem["detail"]  # the place is told once


@pytest.mark.parametrize("text", [LONG_LIST, NESTED, CYCLE], ids=["long-list", "nested", "cycle"])
def test_deep_structures_do_no_harm(server, text):
    assert post(server, text).status_code in (200, 400, 504)
    assert post(server, GOOD).json()["conforms"] is True


@pytest.mark.parametrize(
    ("statement", "rule", "severity"),
    [
        ('sg:Project rdfs:label "x"@en .', "gate-reserved", "violation"),
        ("<https://w3id.org/sundgraf/concept/stage/pilot> sg:about sg:x .", "gate-reserved", "violation"),
        ('<https://www.wikidata.org/entity/Q1> rdfs:label "x"@en .', "gate-foreign", "violation"),
        ("<https://w3id.org/sundgraf/new/x> owl:imports <http://127.0.0.1:9/o> .", "gate-imports", "warning"),
        ("<thing> sg:about sg:x .", "gate-class", "violation"),
        ('<f> a sg:Figure ; sg:unit "ring 010203-1234" .', "Privacy-civilNumber", "violation"),
        ('<f> a sg:Figure ; sg:unit "skriv til navn@region.dk" .', "Privacy-email", "violation"),
        ('<x> a sg:Nonsense ; rdfs:label "x"@en .', "gate-class", "violation"),
        ("<x> a <https://example.org/Thing> .", "gate-class", "violation"),
        ("<x> a sg:Figure , sg:Project .", "gate-class", "violation"),
        ('<x> a sg:Figure ; sg:about [ rdfs:label "x" ] .', "gate-class", "violation"),
        ('<x> a sg:Publication ; sg:reason "forged" .', "gate-log", "violation"),
        ("<https://w3id.org/sundgraf/id/publication/pb-0001> sg:about sg:x .", "gate-log", "violation"),
        ("<https://w3id.org/sundgraf/id/project/p-1001> a sg:Tombstone .", "gate-log", "violation"),
        (
            "<https://w3id.org/sundgraf/id/project/p-1001> sg:mergedInto <https://w3id.org/sundgraf/id/project/p-1002>.",
            "gate-log",
            "violation",
        ),
        ("<https://w3id.org/sundgraf/id/project/p-2003> a sg:Project .", "gate-log", "violation"),  # merged already
        (
            "<https://w3id.org/sundgraf/id/solution/s-0002> sg:maturity <https://w3id.org/sundgraf/concept/maturity/idea>.",
            "gate-derived",
            "violation",
        ),
        ("<f> a sg:Figure ; sg:about <https://w3id.org/sundgraf/id/project/p-9999> .", "gate-reference", "violation"),
        ("<f> a sg:Figure ; sg:about <nothing-here> .", "gate-reference", "violation"),
        (
            '<o> a <http://www.w3.org/ns/org#Organization> ; foaf:name "Region Nordjylland"@da .',
            "duplicate-name",
            "warning",
        ),
    ],
)
def test_what_a_submission_may_not_speak_of(server, statement, rule, severity):
    prefixes = (
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
    )
    findings = post(server, PREFIXES + prefixes + statement, params={"limit": "all"}).json()["findings"]
    assert (rule, severity) in {(finding["rule"], finding["severity"]) for finding in findings}


def test_document_that_we_give_out_can_be_sent_back_as_it_is(server):
    for name in ("ttl", "rdf"):
        given = httpx.get(f"{server.url}/doc/project/p-1001.{name}")
        answer = post(server, given.content, given.headers["content-type"]).json()
        assert answer["conforms"] is True, answer["findings"]
        assert [finding["rule"] for finding in answer["findings"]] == ["gate-derived"]


def test_personal_data_is_found_at_its_place_and_at_once_however_long_the_text_is(server):
    text = GOOD.replace("scans", "a" * 60_000 + " skriv til navn@region.dk")
    finding = next(f for f in post(server, text).json()["findings"] if f["rule"] == "Privacy-email")
    assert finding["line"] == 11
    assert len(finding["message"]["da"]) < 500


def test_syntax_error_is_said_in_danish_and_keeps_what_was_pasted(server):
    fields = {"text": GOOD.replace("sg:unit", "sgg:unit"), "format": "ttl"}
    page = httpx.post(f"{server.url}/validate?lang=da", data=fields, headers={"Accept": "text/html"}, timeout=60)
    assert page.status_code == 400
    assert "præfikset sgg: er ikke erklæret" in page.text
    assert "sgg:unit &#34;scans&#34;" in page.text


def test_what_may_stand_and_fields_are_named_in_the_readers_language(server):
    wrong = (
        GOOD.replace("confidence/high", "confidence/hihg").replace("s-0002", "s-9999").replace("sg:Figure", "sg:Figur")
    )
    wrong = f"{wrong}\n<y> a sg:Figure ; sg:confidence <https://w3id.org/sundgraf/concept/confidence/hihg> ."
    said = post(server, wrong, accept="text/plain", params={"lang": "da", "limit": "all"}).text
    for words in ("Mente du Figure?", "Høj (confidence/high)", "handler om: Intet er udgivet"):
        assert words in said, said


def test_statement_added_to_a_published_record_is_judged_by_what_is_stated(server):
    text = PREFIXES + '<https://w3id.org/sundgraf/id/project/p-1001> sg:budgett "much" .'
    findings = post(server, text).json()["findings"]
    assert [(finding["rule"], finding["severity"]) for finding in findings] == [("Project", "violation")]


def test_record_that_no_longer_passes_through_a_change_of_another_is_told(server):
    record = "https://w3id.org/sundgraf/id/project/p-1003"
    query = f"""PREFIX sg: <https://w3id.org/sundgraf/def/> SELECT ?c WHERE {{
        ?c sg:classifies <{record}> ; sg:dimension <https://w3id.org/sundgraf/concept/technology> }}"""
    rows = httpx.get(f"{server.url}/sparql", params={"query": query}, headers={"Accept": "text/csv"}).text.split()[1:]
    assert len(rows) == 1
    text = httpx.get(rows[0].replace("https://w3id.org/sundgraf/id", f"{server.url}/doc") + ".nt").text
    own = "\n".join(line for line in text.splitlines() if line.startswith(f"<{rows[0]}>"))
    findings = post(server, own.replace("p-1003", "p-1002"), "application/n-triples").json()["findings"]
    told = {(finding["subject"], finding["rule"]) for finding in findings if finding["severity"] == "violation"}
    assert (record, "Project-tech") in told


@pytest.mark.parametrize("name", ["trig", "jsonld", "rdf", "nq"])
def test_value_is_found_in_its_line_in_every_format(server, name):
    graph = "urn:x:g" if name in ("trig", "nq") else None
    quads = [
        ox.Quad(q.subject, q.predicate, q.object, ox.NamedNode(graph) if graph else ox.DefaultGraph())
        for q in ox.parse(BAD, format=ox.RdfFormat.TURTLE)
    ]
    text = (
        ox.serialize(quads if graph else [q.triple for q in quads], format=ox.RdfFormat.from_extension(name)) or b""
    ).decode()
    lines = text.replace(">,{", ">,\n{").replace(",", ",\n").splitlines() if name == "jsonld" else text.splitlines()
    types = {
        "trig": "application/trig",
        "nq": "application/n-quads",
        "jsonld": "application/ld+json",
        "rdf": "application/rdf+xml",
    }
    finding = post(server, "\n".join(lines), types[name]).json()["findings"][0]
    assert "hihg" in lines[finding["line"] - 1]
    assert finding["column"] > 0


def test_relative_names_and_blank_nodes_have_their_place(server):
    text = PREFIXES + "\n\n<f> a sg:Figure ;\n  sg:unit 5 .\n_:g a sg:Figure ;\n  sg:unit 6 ."
    found = post(server, text).json()["findings"]
    places = {(f["subject"].partition(" ")[0], f["line"]) for f in found if f["rule"] == "Figure-unit"}
    assert places == {("https://w3id.org/sundgraf/new/f", 6), ("_:g", 8)}


def test_ten_thousand_findings_are_grouped_and_all_to_be_had(server):
    text = PREFIXES + "".join(f"<f{n}> a sg:Figure .\n" for n in range(1500))
    answer = post(server, text).json()
    assert answer["total"] > 9000
    assert answer["shown"] == len(answer["findings"]) == 100
    assert sum(group["count"] for group in answer["byRule"]) == answer["total"]
    table = post(server, text, accept="text/csv").text
    assert len(table.splitlines()) == answer["total"] + 1
    page = post(server, text, accept="text/html").text
    assert 'download="sundgraf-findings.csv"' in page
    everything = post(server, text, params={"limit": "all"}).json()
    assert len(everything["findings"]) == answer["total"]


def test_reference_to_what_is_not_published_is_found(server):
    findings = post(server, GOOD.replace("source/src-0000", "source/src-7777")).json()["findings"]
    assert any(finding["value"].endswith("src-7777") for finding in findings)


def test_shapes_that_are_sent_in_are_never_used(server):
    text = (
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix sg: <https://w3id.org/sundgraf/def/> .\n"
        '<https://w3id.org/sundgraf/shape/Figure-unit> sh:pattern "(a+)+$" .\n'
        '<mine> a sh:NodeShape ; sh:targetClass sg:Figure ; sh:property [ sh:path sg:unit ; sh:pattern "(a+)+$" ] .\n'
        f'<f> a sg:Figure ; sg:unit "{"a" * 5000}!" .'
    )
    answer = post(server, text)
    assert answer.elapsed.total_seconds() < 10
    rules = {finding["rule"] for finding in answer.json()["findings"]}
    assert "gate-reserved" in rules
    assert not any(rule.startswith("mine") for rule in rules)


def test_address_that_asks_too_often_is_told_to_wait(fill, tmp_path):
    with running(fill(tmp_path), SUNDGRAF_VALIDATIONS_PER_MINUTE="3", SUNDGRAF_WEB_PROCESSES="1") as server:
        statuses = [post(server, GOOD).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]


def test_document_that_takes_too_long_is_stopped_and_the_service_goes_on(fill, tmp_path):
    with running(fill(tmp_path), SUNDGRAF_DOCUMENT_SECONDS="0.5") as server:
        text = PREFIXES + "".join(f"<f{n}> a sg:Figure .\n" for n in range(20_000))
        assert post(server, text).status_code == 504
        assert httpx.get(f"{server.url}/health").status_code == 200


def test_a_large_upload_is_refused_while_it_is_sent_and_never_held(server):
    """50 MB, with and without a length that says so: the answer comes before the end, and memory stays as it is."""
    megabyte = b"100000\r\n" + b"z" * (1 << 20) + b"\r\n"
    head = b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\nAccept: application/json\r\n"
    webs = [pid for pid in processes_of(server) if pid != server.pid]
    before = {pid: resident(pid) for pid in webs}
    for said, sent_first in ((b"Content-Length: 52428800\r\n\r\n", 0), (b"Transfer-Encoding: chunked\r\n\r\n", 11)):
        with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=20) as line:
            line.sendall(head + said)
            for _ in range(sent_first):
                line.sendall(megabyte)
            answer = line.recv(65536)
            while b"10,485,760 bytes" not in answer and (more := line.recv(65536)):
                answer += more
            assert answer.startswith(b"HTTP/1.1 413")
            assert b"A document may have 10,485,760 bytes" in answer
            for _ in range(50 - sent_first):  # who goes on all the same is not listened to
                with contextlib.suppress(OSError):
                    line.sendall(megabyte)
    grown = {pid: resident(pid) - before[pid] for pid in webs}
    assert max(grown.values()) < 40 << 20, grown


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has in use."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    return 0
