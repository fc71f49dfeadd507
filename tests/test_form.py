"""The form made from the shapes, the search that completes it, and that both stand for what a sheet says."""

from __future__ import annotations

import html.parser

import httpx
import pytest

from server import run, running
from stewards import accept, client, make_token, wait_for_publication


class Inputs(html.parser.HTMLParser):
    """Collects the names of a form's inputs and the labels' targets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.ids: set[str] = set()
        self.labelled: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in ("input", "select", "textarea") and said.get("type") != "hidden":
            self.names.add(said["name"] or "")
            if "aria-label" in said:
                self.labelled.add(said["id"] or "")
            self.ids.add(said["id"] or "")
        if tag == "label":
            self.labelled.add(said["for"] or "")


@pytest.fixture(scope="module")
def service(fill, tmp_path_factory):
    with running(fill(tmp_path_factory.mktemp("forms") / "state")) as server:
        yield server


FIELDS = {
    "kind": "record", "form_class": "Project", "Project.title.da": "Prøve af formular",
    "Project.title.en": "Trial of a form", "Project.description.da": "En formular prøves af; med semikolon.",
    "Project.description.en": "A form is tried out.", "Project.source": ["src-0000", ""],
    "Project.useCase": ["Liver ultrasound with AI"], "Project.spatial": ["Region Nordjylland", "Region Sjælland"],
    "Classification.dimension": "concept/technology", "Classification.classifiedAs": "technology/ai-image-processing",
    "Classification.basis": "stated", "Classification.confidence": "high", "Classification.source": "src-0000",
    "StatusReport.stage": "pilot", "StatusReport.basis": "stated", "StatusReport.confidence": "high",
    "StatusReport.source": "src-0000", "reason": "Tried",
}  # fmt: skip


@pytest.mark.parametrize("name", ["Project", "Deployment", "Product", "EffectClaim", "Source", "Organization"])
def test_every_input_of_a_form_has_a_label(service, name):
    page = httpx.get(f"{service.url}/submit/{name}", headers={"Accept": "text/html"}, timeout=60)
    assert page.status_code == 200
    inputs = Inputs(page.text)
    assert inputs.ids <= inputs.labelled
    assert len(inputs.names) > 5


def test_form_of_an_unknown_class_names_the_known(service):
    answer = httpx.get(f"{service.url}/submit/Projekct")
    assert answer.status_code == 404
    assert "Project" in answer.json()["detail"]


def test_every_class_with_a_form_has_templates_in_both_languages(service):
    page = httpx.get(f"{service.url}/templates", headers={"Accept": "text/html"}).text
    names = {part.split('"')[0].split("?")[0] for part in page.split('href="/submit/')[1:]}
    assert len(names) > 25
    for name in names:
        for language in ("da", "en"):
            assert httpx.get(f"{service.url}/templates/{name}.csv", params={"lang": language}).status_code == 200


def test_filled_form_is_sent_in_and_published(service):
    with client(service, make_token(service, "submitter", "steward")) as steward:
        sent = steward.post("/submissions", data=FIELDS)
        assert sent.status_code == 201, sent.text
    with client(service, make_token(service, "reviewer", "reviewer")) as reviewer:
        done = accept(reviewer, sent.json()["id"])
        assert done.status_code == 200, done.text
    wait_for_publication(service, done.json()["publication"])
    hits = httpx.get(f"{service.url}/suggest", params={"q": "prove af formular", "class": "Project"}).json()
    assert hits[0]["label"] == "Prøve af formular"
    text = httpx.get(f"{service.url}/doc/project/{hits[0]['identifier']}.ttl").text
    assert "med semikolon" in text
    assert "pl-0005" in text
    assert "pl-0002" in text
    assert run(service.state, "verify").returncode == 0


def test_form_with_faults_comes_back_filled_with_what_to_mend(service):
    secret = make_token(service, "submitter", "steward")
    headers = {"Authorization": f"Bearer {secret}", "Accept": "text/html"}
    fields = {**FIELDS, "Project.spatial": ["Region Nordjyland"], "Project.title.da": "En anden prøve"}
    page = httpx.post(f"{service.url}/submissions?lang=da", data=fields, headers=headers)
    assert page.status_code == 422
    assert "Mente du Region Nordjylland?" in page.text
    assert "Projekt · <strong>sted</strong>" in page.text  # whose place: status reports have one too
    assert "En anden prøve" in page.text


def test_form_is_validated_without_a_token(service):
    answer = httpx.post(f"{service.url}/validate", data=FIELDS, headers={"Accept": "application/json"})
    assert answer.json()["conforms"] is True


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("region nord", "Region Nordjylland"), ("Odense Universitets", "Odense Universitetshospital"),
        ("regoin nordjylland", "Region Nordjylland"), ("Rigshospitalet", "Rigshospitalet"),
    ],
)  # fmt: skip
def test_search_forgives_slips_and_other_ways_of_writing(service, text, name):
    hits = httpx.get(f"{service.url}/search", params={"q": text}, headers={"Accept": "application/json"}).json()["hits"]
    assert name in [hit["label"] for hit in hits[:3]]


def test_search_page_and_limits(service):
    page = httpx.get(f"{service.url}/search", params={"q": "<b>", "lang": "da"}, headers={"Accept": "text/html"}).text
    assert "<b>" not in page
    assert httpx.get(f"{service.url}/suggest", params={"q": "x", "limit": "9999"}).status_code == 400
    assert httpx.get(f"{service.url}/suggest", params={"q": ""}).json() == []
    policy = httpx.get(f"{service.url}/search", headers={"Accept": "text/html"}).headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_form_of_a_published_record_is_filled_in_and_changes_only_what_is_changed(service):
    record = "https://w3id.org/sundgraf/id/project/p-1001"
    headers = {"Authorization": f"Bearer {make_token(service, 'submitter', 'steward')}"}
    page = httpx.get(f"{service.url}/submit", params={"correct": record}, headers={"Accept": "text/html"}).text
    assert "/submit/Project?record=" in page
    address = f"{service.url}/submit/Project"
    form = Filled(httpx.get(address, params={"record": record, "lang": "en"}, headers={"Accept": "text/html"}).text)
    assert form.values["Project.title.en"] == ["MAGIC - Mammography & Artificial Intelligence"]
    unchanged = httpx.post(f"{service.url}/submissions", data=form.values, headers=headers, timeout=60)
    assert "nothing-new" in unchanged.text
    form.values["Project.title.en"] = ["MAGIC, mammography with artificial intelligence"]
    sent = httpx.post(f"{service.url}/submissions", data={**form.values, "reason": "x"}, headers=headers, timeout=60)
    assert sent.status_code == 201, sent.text
    seen = httpx.get(f"{service.url}{sent.json()['address']}", headers={**headers, "Accept": "application/json"}).json()
    assert [len(difference["lines"]) for difference in seen["differences"]] == [2]
    wrong = httpx.get(address, params={"record": "https://w3id.org/sundgraf/id/solution/s-0002"})
    assert wrong.status_code == 400


class Filled(html.parser.HTMLParser):
    """Reads what a browser would send of a form that nobody touched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._area = self._select = ""
        self._option: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "input" and said.get("value") and said.get("name"):
            self.values.setdefault(said["name"] or "", []).append(said["value"] or "")
        if tag == "textarea":
            self._area = said["name"] or ""
        if tag == "select":
            self._select = said["name"] or ""
        self._option = self._select if tag == "option" and "selected" in said else None

    def handle_data(self, text: str) -> None:
        if self._area and text:
            self.values.setdefault(self._area, []).append(text)
        elif self._option:
            self.values.setdefault(self._option, []).append(text)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "option"):
            self._area, self._option = "", None
