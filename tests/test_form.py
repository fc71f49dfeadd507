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
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("forms")) as server:
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
