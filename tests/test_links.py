"""Links for machines: Signposting, linksets (RFC 9264) and versions by time (RFC 7089), read by their own clients."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest
from memento_client import MementoClient
from signposting import find_signposting_http
from signposting.linkset import find_signposting_linkset

BASE = "https://w3id.org/sundgraf"
EVERYWHERE = [
    "/doc/solution/s-0002", "/doc/solution/s-0002.ttl", "/doc/organisation/o-0001", "/def/Solution",
    "/concept/technology", "/concept/stage/pilot", "/shape/Solution", "/graph/catalogue/2024", "/query/ask/lineage",
]  # fmt: skip


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_document_says_what_to_cite_what_it_is_and_where_its_metadata_is(server, path):
    found = find_signposting_http(server.url + path)
    iri = BASE + path.replace("/doc/", "/id/").removesuffix(".ttl")
    assert found.citeAs.target == iri
    assert {link.target for link in found.types} >= {"https://schema.org/AboutPage"}
    assert found.license.target.startswith("https://creativecommons.org/")
    assert found.collection.target == f"{BASE}/dataset"
    assert httpx.get(next(iter(found.describedBy)).target).headers["content-type"].startswith("text/turtle")
    assert {link.type for link in found.linksets} == {"application/linkset", "application/linkset+json"}


def test_class_of_a_record_is_among_its_types(server):
    found = find_signposting_http(f"{server.url}/doc/solution/s-0002")
    assert f"{BASE}/def/Solution" in {link.target for link in found.types}


def test_thing_leads_to_its_document_and_linkset(server):
    answer = httpx.get(f"{server.url}/id/solution/s-0002")
    assert answer.status_code == 303
    assert 'rel="describedby"' in answer.headers["link"]
    assert 'rel="linkset"' in answer.headers["link"]


def test_description_of_the_whole_has_its_files_as_items(server):
    found = find_signposting_http(f"{server.url}/catalog")
    assert found.citeAs.target == f"{BASE}/dataset"
    assert {f"{server.url}/dump/sundgraf.nq.gz", f"{server.url}/feed"} <= {link.target for link in found.items}


@pytest.mark.parametrize("format", ["application/linkset+json", "application/linkset"])
def test_linkset_says_what_the_header_says_and_what_is_the_same_elsewhere(server, format):
    document = f"{server.url}/doc/organisation/o-0001"
    header = find_signposting_http(document)
    linkset = next(link.target for link in header.linksets if link.type == format)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = find_signposting_linkset(linkset, format).for_context(document)
    assert said.citeAs.target == header.citeAs.target
    assert {link.target for link in said.types} == {link.target for link in header.types}
    assert "https://ror.org/" in httpx.get(linkset).text


def test_linkset_of_nothing_is_404(server):
    assert httpx.get(f"{server.url}/linkset/id/solution/s-9999").status_code == 404
    assert httpx.get(f"{server.url}/linkset/nothing/here").status_code == 404


def test_memento_client_finds_the_version_of_a_time(server):
    document = f"{server.url}/doc/solution/s-0002"
    found = MementoClient(timegate_uri=f"{server.url}/timegate/").get_memento_info(document, datetime(2030, 1, 1))
    assert found["timegate_uri"] == f"{server.url}/timegate/doc/solution/s-0002"
    closest = found["mementos"]["closest"]
    assert closest["uri"] == [f"{document}?version=1"]
    assert closest["http_status_code"] == 200
    assert closest["datetime"] == found["mementos"]["last"]["datetime"]
    assert MementoClient.is_memento(f"{document}?version=1")


@pytest.mark.parametrize("accept", ["text/html", "text/turtle"])
def test_version_says_of_when_it_is(server, accept):
    answer = httpx.get(f"{server.url}/doc/solution/s-0002?version=1", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(accept)
    assert parsedate_to_datetime(answer.headers["memento-datetime"]) <= datetime.now(UTC)
    assert 'rel="original"' in answer.headers["link"]


def test_timemap_lists_every_version(server):
    answer = httpx.get(f"{server.url}/timemap/doc/solution/s-0002")
    assert answer.headers["content-type"] == "application/link-format"
    assert f'<{server.url}/doc/solution/s-0002?version=1>; rel="memento"; datetime="' in answer.text


def test_time_that_is_none_is_told(server):
    answer = httpx.get(f"{server.url}/timegate/doc/solution/s-0002", headers={"Accept-Datetime": "yesterday"})
    assert answer.status_code == 400
    assert "Accept-Datetime" in answer.text
