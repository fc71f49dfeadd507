"""A record is sent in, reviewed by somebody else, published with its history, and nothing is lost on the way."""

from __future__ import annotations

import json
import threading

import httpx
import pytest

from server import run, running
from stewards import FIGURE, ID, PREFIXES, accept, client, make_token, send, wait_for_publication

SPARQL_COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s <https://w3id.org/sundgraf/def/submission> ?x }"


@pytest.fixture(scope="module")
def service(fill, tmp_path_factory):
    with running(fill(tmp_path_factory.mktemp("stewards") / "state")) as server:
        yield server


@pytest.fixture(scope="module")
def steward(service):
    with client(service, make_token(service, "submitter", "data steward, Region X")) as who:
        yield who


@pytest.fixture(scope="module")
def reviewer(service):
    with client(service, make_token(service, "reviewer", "https://orcid.org/0000-0002-1825-0097")) as who:
        yield who


def figure(number: int) -> str:
    return FIGURE.replace("sg:value 12", f"sg:value {number}")


def test_sending_in_needs_a_token(service):
    with client(service) as visitor:
        answer = send(visitor, FIGURE)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "sign-in" in answer.json()["detail"]
    assert httpx.get(f"{service.url}/submissions").status_code == 401


def test_revoked_and_unknown_tokens_do_not_hold(service):
    secret = make_token(service, "submitter", "somebody for a day")
    tokens = json.loads(run(service.state, "token", "list", "--json").stdout)
    id = next(token["id"] for token in tokens if token["shown_as"] == "somebody for a day")
    assert run(service.state, "token", "revoke", id).returncode == 0
    for wrong in (secret, "sgt_nobody", "x" * 5000):
        with client(service, wrong) as who:
            assert send(who, FIGURE).status_code == 401
    assert secret.encode() not in (service.state / "inbox.sqlite").read_bytes()


def test_submitter_cannot_review(service, steward):
    sent = send(steward, figure(901)).json()
    assert accept(steward, sent["id"]).status_code == 403


def test_new_record_is_published_under_an_identifier_with_its_provenance(service, steward, reviewer):
    answer = send(steward, figure(902), reason="Seen in the report", source="https://example.org/report")
    assert answer.status_code == 201
    sent = answer.json()
    assert answer.headers["location"] == f"/submissions/{sent['id']}"
    seen = reviewer.get(answer.headers["location"]).json()
    assert seen["state"] == "waiting"
    assert {line["propertyLabel"] for line in seen["differences"][0]["lines"]} >= {"unit", "qualifier"}
    done = accept(reviewer, sent["id"], seen=seen["fingerprint"]).json()
    assert done["state"] == "accepted"
    wait_for_publication(service, done["publication"])
    rows = httpx.get(
        f"{service.url}/sparql",
        params={"query": f"""PREFIX sg: <https://w3id.org/sundgraf/def/>
            SELECT ?figure ?by ?reviewer ?reason ?source WHERE {{
              ?publication sg:submission "{sent["id"]}" ; sg:changedRecord ?figure ; sg:submittedBy ?by ;
                sg:acceptedBy ?reviewer ; sg:reason ?reason ; <http://purl.org/dc/terms/source> ?source .
              GRAPH <https://w3id.org/sundgraf/graph/submissions/{sent["id"]}> {{ ?figure sg:value 902 }} }}"""},
        headers={"Accept": "application/sparql-results+json"},
    ).json()["results"]["bindings"]  # fmt: skip
    assert len(rows) == 1
    assert rows[0]["figure"]["value"].startswith(f"{ID}/figure/fg-1000")
    assert done["records"] == [rows[0]["figure"]["value"]]
    assert rows[0]["by"]["value"] == "data steward, Region X"
    assert rows[0]["reviewer"]["value"].endswith("0097")
    assert rows[0]["source"]["value"] == "https://example.org/report"
    page = httpx.get(
        rows[0]["figure"]["value"].replace("https://w3id.org/sundgraf", service.url), follow_redirects=True
    )
    assert page.status_code == 200
    assert run(service.state, "verify").stdout == "Log, changes, graph and inbox agree.\n"


def test_correction_replaces_what_is_stated_and_leaves_a_version(service, steward, reviewer):
    first = accept(reviewer, send(steward, figure(903)).json()["id"]).json()
    wait_for_publication(service, first["publication"])
    log = httpx.get(f"{service.url}/publications", headers={"Accept": "application/json"}).json()["publications"]
    assert log[0]["number"] == first["publication"]
    record = value_of(service, 903)
    identifier = record.rsplit("/", 1)[-1]
    again = send(steward, figure(904).replace("<scans>", f"<{record}>"), reason="Counted anew").json()
    assert {line["sign"] for line in reviewer.get(again["address"]).json()["differences"][0]["lines"]} == {"+", "-"}
    stale = send(steward, figure(905).replace("<scans>", f"<{record}>"), reason="Counted otherwise").json()
    second = accept(reviewer, again["id"]).json()
    assert reviewer.get(stale["address"]).json()["outdated"] is True
    wait_for_publication(service, second["publication"])
    now = httpx.get(f"{service.url}/doc/figure/{identifier}.nt").text
    assert '"904"' in now
    assert '"903"' not in now
    before = httpx.get(
        f"{service.url}/doc/figure/{identifier}", params={"version": first["publication"], "format": "nt"}
    )
    assert '"903"' in before.text
    assert '"904"' not in before.text
    history = httpx.get(f"{service.url}/history/figure/{identifier}", headers={"Accept": "application/json"}).json()
    assert [version["number"] for version in history["versions"]] == [second["publication"], first["publication"]]
    changed = httpx.get(
        f"{service.url}/history/figure/{identifier}", headers={"Accept": "application/json"},
        params={"from": first["publication"], "to": second["publication"]},
    ).json()["changes"]  # fmt: skip
    assert {(line["sign"], line["value"]) for line in changed} == {("-", "903"), ("+", "904")}


def test_what_does_not_pass_is_422_with_findings_and_the_draft_is_kept(steward):
    answer = send(steward, FIGURE.replace("basis/stated", "basis/statted"))
    assert answer.status_code == 422
    problem = answer.json()
    assert "basis/stated" in {finding["nearest"] for finding in problem["findings"]}
    draft = steward.get(problem["draft"]).json()
    assert draft["state"] == "draft"
    mended = steward.put(problem["draft"], content=figure(905).encode(), headers={"Content-Type": "text/turtle"})
    assert mended.json()["state"] == "waiting"


def test_same_submission_twice_is_one(steward):
    first, second = send(steward, figure(906), key="k-906"), send(steward, figure(906), key="k-906")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert send(steward, figure(907), key="k-906").status_code == 409
    without_key = send(steward, figure(908)), send(steward, figure(908))
    assert without_key[0].json()["id"] == without_key[1].json()["id"]


def test_nobody_accepts_what_they_sent_in(service, reviewer):
    sent = send(reviewer, figure(909)).json()
    answer = accept(reviewer, sent["id"])
    assert answer.status_code == 403
    assert "somebody else" in answer.json()["detail"]


def test_reviewer_rejects_or_asks_for_a_change_with_a_reason(steward, reviewer):
    sent = send(steward, figure(910)).json()
    decide = f"/submissions/{sent['id']}/decision"
    assert reviewer.post(decide, json={"decision": "change"}).status_code == 400
    assert (
        reviewer.post(decide, json={"decision": "change", "reason": "Say the year"}).json()["state"] == "changes-wanted"
    )
    assert accept(reviewer, sent["id"]).status_code == 409
    answer = steward.put(sent["address"], content=figure(911).encode(), headers={"Content-Type": "text/turtle"})
    assert answer.json()["state"] == "waiting"
    assert reviewer.post(decide, json={"decision": "reject", "reason": "No source"}).json()["state"] == "rejected"
    events = [event["kind"] for event in steward.get(sent["address"]).json()["events"]]
    assert events == ["waiting", "changes-wanted", "revised", "rejected"]


def test_change_that_was_not_looked_at_is_not_accepted(steward, reviewer):
    sent = send(steward, figure(912)).json()
    steward.put(sent["address"], content=figure(913).encode(), headers={"Content-Type": "text/turtle"})
    assert accept(reviewer, sent["id"], seen=sent["fingerprint"]).status_code == 409


def test_others_do_not_see_a_submission(service, steward):
    sent = send(steward, figure(914)).json()
    with client(service, make_token(service, "submitter", "another steward")) as other:
        assert other.get(sent["address"]).status_code == 404
        assert other.get("/submissions").json()["submissions"] == []
    assert sent["id"] not in httpx.get(f"{service.url}/sparql", params={"query": SPARQL_COUNT}).text


def test_two_reviewers_at_once_publish_once(service, steward, reviewer):
    sent = send(steward, figure(915)).json()
    answers: list[int] = []
    with client(service, make_token(service, "reviewer", "second reviewer")) as second:
        threads = [
            threading.Thread(target=lambda who=who: answers.append(accept(who, sent["id"]).status_code))
            for who in (reviewer, second)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == [200, 409]
    assert run(service.state, "verify").returncode == 0


def value_of(service, number: int) -> str:
    """Return the IRI of the figure with a value."""
    query = f"SELECT ?f WHERE {{ ?f <https://w3id.org/sundgraf/def/value> {number} }}"
    answer = httpx.get(f"{service.url}/sparql", headers={"Accept": "text/csv"}, params={"query": query})
    return answer.text.split()[1]


def test_withdrawal_leaves_a_tombstone(service, steward, reviewer):
    made = accept(reviewer, send(steward, figure(919)).json()["id"]).json()
    wait_for_publication(service, made["publication"])
    record = value_of(service, 919)
    reasons = {"reason_en": "Counted twice", "reason_da": "Talt to gange"}
    sent = steward.post("/submissions", params={"kind": "withdrawal", "record": record, **reasons})
    assert sent.status_code == 201
    done = accept(reviewer, sent.json()["id"]).json()
    wait_for_publication(service, done["publication"])
    identifier = record.rsplit("/", 1)[-1]
    gone = httpx.get(f"{service.url}/doc/figure/{identifier}", headers={"Accept": "application/json"})
    assert gone.status_code == 410
    assert "Counted twice" in gone.text
    assert "trukket tilbage. Talt to gange" in httpx.get(f"{service.url}/doc/figure/{identifier}?lang=da").text
    left = httpx.get(f"{service.url}/doc/figure/{identifier}.ttl")
    assert left.status_code == 410
    assert "sg:Tombstone" in left.text
    kept = httpx.get(f"{service.url}/doc/figure/{identifier}", params={"version": made["publication"], "format": "nt"})
    assert '"919"' in kept.text
    history = httpx.get(f"{service.url}/history/figure/{identifier}", headers={"Accept": "application/json"}).json()
    assert [version["number"] for version in history["versions"]] == [done["publication"], made["publication"]]


def test_record_that_others_point_to_is_not_withdrawn_without_a_successor(steward):
    reasons = {"reason_en": "x", "reason_da": "x"}
    sent = steward.post("/submissions", params={"kind": "withdrawal", "record": f"{ID}/organisation/o-0000", **reasons})
    assert sent.status_code == 422
    assert "withdrawal-reference" in {finding["rule"] for finding in sent.json()["findings"]}


def test_merge_redirects_and_moves_what_pointed_to_the_record(service, steward, reviewer):
    made = [accept(reviewer, send(steward, figure(n)).json()["id"]).json() for n in (920, 921)]
    wait_for_publication(service, made[-1]["publication"])
    old, new = value_of(service, 920), value_of(service, 921)
    merge, page = (
        {"kind": "merge", "reason": "The same"},
        new.replace("https://w3id.org/sundgraf/id", f"{service.url}/doc"),
    )
    assert steward.post("/submissions", params={**merge, "record": old, "successor": old}).status_code == 400
    other = steward.post("/submissions", params={**merge, "record": old, "successor": "s-0002"})
    assert "different classes" in other.json()["detail"]
    sent = steward.post("/submissions", params={**merge, "record": old, "successor": f"{page}?lang=da"})
    assert sent.json()["records"] == [old, new]
    done = accept(reviewer, sent.json()["id"]).json()
    wait_for_publication(service, done["publication"])
    moved = httpx.get(old.replace("https://w3id.org/sundgraf/id", f"{service.url}/doc"))
    assert moved.status_code == 301
    assert moved.headers["location"].endswith(new.rsplit("/", 1)[-1])
    back = steward.post("/submissions", params={"kind": "merge", "record": new, "successor": old})
    assert back.status_code == 400
    assert "not published" in back.json()["detail"]


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"kind": "wish"}, 400),
        ({"kind": "withdrawal", "record": "https://example.org/x", "reason_en": "x", "reason_da": "x"}, 400),
        ({"kind": "withdrawal", "record": f"{ID}/project/p-9999", "reason_en": "x", "reason_da": "x"}, 400),
        ({"kind": "withdrawal", "record": f"{ID}/project/p-1001"}, 400),
        ({"kind": "merge", "record": f"{ID}/project/p-1001", "successor": "x y"}, 400),
    ],
)
def test_bad_requests_say_what_to_do(steward, parameters, status):
    answer = steward.post("/submissions", params=parameters)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_accepted_records_go_back_to_files_and_are_not_made_twice(service, steward, reviewer, tmp_path):
    done = accept(reviewer, send(steward, figure(930)).json()["id"]).json()
    wait_for_publication(service, done["publication"])
    written = run(service.state, "export", "--accepted", str(tmp_path))
    assert written.returncode == 0
    file = tmp_path / "data" / "ttl" / "submissions" / f"{done['id']}.ttl"
    text = file.read_text("utf-8")
    assert "sg:value 930" in text
    assert "data steward, Region X" in text
    assert run(service.state, "fmt", "--check", str(file)).returncode == 0


def test_rebuilding_from_files_and_log_gives_the_same_graph(service, steward, reviewer, tmp_path):
    before = {line for line in run(service.state, "export").stdout.splitlines() if "/graph/log>" not in line}
    assert run(service.state, "backup", str(tmp_path / "b.tar.gz")).returncode == 0
    other = tmp_path / "other"
    assert run(other, "restore", str(tmp_path / "b.tar.gz")).returncode == 0
    assert run(other, "load", "--rebuild").returncode == 0
    after = {line for line in run(other, "export").stdout.splitlines() if "/graph/log>" not in line}
    assert after == before
    assert run(other, "verify").stdout == "Log, changes, graph and inbox agree.\n"


def test_form_by_cookie_needs_the_key_of_our_own_page(service):
    secret = make_token(service, "submitter", "steward with a browser")
    signed = httpx.post(f"{service.url}/sign-in", data={"token": secret})
    cookie = signed.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=strict"))
    headers = {"Cookie": cookie.split(";")[0], "Accept": "text/html"}
    assert httpx.get(f"{service.url}/submissions", headers=headers, timeout=60).status_code == 200
    fields = {"text": figure(940), "format": "ttl", "kind": "record"}
    assert httpx.post(f"{service.url}/submissions", headers=headers, data=fields).status_code == 403
    page = httpx.get(f"{service.url}/submit", headers=headers, timeout=60).text
    key = page.split('name="form_key" value="')[1].split('"')[0]
    sent = httpx.post(f"{service.url}/submissions", headers=headers, data={**fields, "form_key": key}, timeout=60)
    assert sent.status_code == 303
    seen = httpx.get(f"{service.url}{sent.headers['location']}", headers=headers, timeout=60)
    assert "Scans a year in the test" in seen.text
    assert httpx.post(f"{service.url}/sign-in", data={"token": "wrong"}).status_code == 401


def test_statement_with_markup_is_shown_as_text(steward, service, reviewer):
    text = figure(941).replace('"scans"', '"<script>alert(1)</script>"')
    sent = send(steward, text).json()
    page = reviewer.get(sent["address"], headers={"Accept": "text/html"}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_prefixes_are_for_readers(steward):
    assert PREFIXES in FIGURE
    assert steward.get("/submissions", params={"state": "nowhere"}).status_code == 400


def test_duplicates_are_told_and_ask_for_a_reason(steward):
    organisation = (
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
        '<o> a <http://www.w3.org/ns/org#Organization> ; foaf:name "Region Nordjyland"@da .'
    )
    rules = {finding["rule"] for finding in send(steward, organisation).json()["findings"]}
    assert "duplicate-similar" in rules
    work = PREFIXES + (
        "<d> a sg:Deployment ;"
        " sg:useCase <https://w3id.org/sundgraf/concept/use-case/breast-cancer-screening-reading> ;"
        f" sg:operator <{ID}/organisation/o-0005> ."
    )
    findings = send(steward, work).json()["findings"]
    same = next(finding for finding in findings if finding["rule"] == "duplicate-work")
    assert f"{ID}/deployment/d-1004" in same["value"]


def test_same_work_in_the_same_place_is_told_of_the_same_class_only(steward):
    work = PREFIXES + (
        "<d> a sg:Deployment ;"
        " sg:useCase <https://w3id.org/sundgraf/concept/use-case/sample-transport-robot> ;"
        f" dcterms:spatial <{ID}/place/pl-0003> ."
    )
    findings = send(steward, work).json()["findings"]
    near = next(finding for finding in findings if finding["rule"] == "duplicate-place")
    assert f"{ID}/deployment/d-2023" in near["value"]
    assert near["severity"] == "info"
    elsewhere = work.replace("pl-0003", "pl-0001")
    for text in (elsewhere, work.replace("sg:Deployment", "sg:Project")):
        told = [f for f in send(steward, text).json()["findings"] if f["rule"].startswith("duplicate")]
        assert not any("d-2023" in finding["value"] for finding in told)


def test_personal_data_in_the_reason_or_the_source_does_not_pass(steward):
    for words in ({"reason": "Ask navn@region.dk"}, {"reason": "x", "source": "CPR 010203-1234"}):
        answer = send(steward, figure(950), **words)
        assert answer.status_code == 422
        assert "gate-personal" in {finding["rule"] for finding in answer.json()["findings"]}


def test_record_that_others_point_to_is_merged_though_rules_derived_something_of_them(steward):
    record, successor = f"{ID}/organisation/o-0012", f"{ID}/organisation/o-0013"
    sent = steward.post("/submissions", params={"kind": "merge", "record": record, "successor": successor})
    assert sent.status_code == 201, sent.text


def test_form_that_did_not_pass_is_mended_in_the_form(service):
    secret = make_token(service, "submitter", "steward with a form")
    headers = {"Authorization": f"Bearer {secret}", "Accept": "text/html"}
    fields = {"kind": "record", "form_class": "Figure", "Figure.title.en": "Runs; all of them", "Figure.unit": "runs"}
    page = httpx.post(f"{service.url}/submissions", data=fields, headers=headers, timeout=60)
    assert page.status_code == 422
    draft = page.text.split('action="/submissions/')[1].split("?")[0]
    again = httpx.get(f"{service.url}/submit/Figure", params={"draft": draft}, headers=headers, timeout=60).text
    assert "Runs; all of them" in again
    assert f'action="/submissions/{draft}' in again
    followed = httpx.get(f"{service.url}/submissions/{draft}", headers=headers, timeout=60).text
    assert f"/submit/Figure?draft={draft}" in followed
    fields["Figure.unit"] = "rounds"
    mended = httpx.post(f"{service.url}/submissions/{draft}", data=fields, headers=headers, timeout=60)
    assert mended.status_code == 422
    assert "rounds" in mended.text
    with client(service, secret) as who:
        assert [held["id"] for held in who.get("/submissions").json()["submissions"]] == [draft]


def test_json_body_has_a_limit_and_half_characters_are_refused(steward):
    id = send(steward, figure(960)).json()["id"]
    address = f"/submissions/{id}/comments"
    as_json = {"Content-Type": "application/json"}
    for body in (b'{"text": "\\ud800"}', b"[" * 100_000, b'"x"', b"{", b'{"text": "' + b"z" * (10 << 20) + b'"}'):
        answer = steward.post(address, content=body, headers=as_json)
        assert answer.status_code == (413 if len(body) > 1 << 20 else 400), body[:20]
        assert answer.json()["detail"]
    form = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\\ud800\r\n--x--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    answer = steward.post(address, content=form, headers=kind)
    assert answer.status_code == 400
    assert "halves of characters" in answer.json()["detail"]


def test_other_authorization_beside_the_cookie_does_not_replace_the_form_key(service, steward):
    secret = make_token(service, "submitter", "steward with two ways in")
    fields = {"text": figure(961), "format": "ttl", "kind": "record"}
    for authorization in ("Basic eDp5", "Bearer"):
        headers = {"Cookie": f"sundgraf-token={secret}", "Authorization": authorization, "Accept": "text/html"}
        answer = httpx.post(f"{service.url}/submissions", headers=headers, data=fields)
        assert answer.status_code == 403, authorization


def test_guessing_tokens_is_slowed_down(service):
    """Ten tries in a minute of an address in each web process; last here, since others of this file sign in too."""
    with httpx.Client(base_url=service.url) as guesser:  # one connection, one process
        tried = [guesser.post("/sign-in", data={"token": f"guess-{n}"}).status_code for n in range(12)]
    assert set(tried[:5]) == {401}
    assert tried[-1] == 429
