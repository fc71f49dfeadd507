"""The Reconciliation API: every answer fits the published schemas, names are found, and none is matched wrongly."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path

import httpx
import jsonschema
import pytest
import referencing
import referencing.jsonschema

from sundgraf.application.comparable import read_comparable
from sundgraf.application.reconcile import Query, make_register
from sundgraf.domain.finder import Finder, fold
from sundgraf.domain.identifiers import read_identifier
from sundgraf.domain.words import count_slips

ROOT = Path(__file__).resolve().parent.parent
SUITE = Path(os.environ.get("SUNDGRAF_CONFORMANCE") or ROOT.parent / "shared" / "conformance")
SCHEMAS = SUITE / "data" / "reconciliation-api"
http = httpx.Client(timeout=60)  # each web process makes its indexes first, on a busy machine too
PROBLEM = "application/problem+json"
NAMED = """
    PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
    SELECT DISTINCT ?class ?thing ?name (LANG(?name) AS ?language) ?alias WHERE {
      VALUES ?class { <http://www.w3.org/ns/org#Organization> <https://w3id.org/sundgraf/def/Project>
        <https://w3id.org/sundgraf/def/Solution> <https://w3id.org/sundgraf/def/Product>
        <https://w3id.org/sundgraf/def/UseCase> <https://w3id.org/sundgraf/def/Regulation>
        <https://w3id.org/sundgraf/def/Place> }
      ?thing a ?class . { ?thing rdfs:label ?name } UNION { ?thing skos:altLabel ?name BIND(true AS ?alias) }
    } ORDER BY ?class ?thing ?name"""


@pytest.fixture(scope="module")
def validate():
    """Check an answer against a schema of a version of the API."""
    if not SCHEMAS.is_dir():
        pytest.skip(f"no conformance suites in {SUITE}; set SUNDGRAF_CONFORMANCE to where they are")
    known = {}
    for version in ("0.2", "1.0-draft"):
        read = [(path, json.loads(path.read_text("utf-8"))) for path in (SCHEMAS / version / "schemas").glob("*.json")]
        resources = [
            (name, referencing.Resource(schema, referencing.jsonschema.DRAFT7))
            for path, schema in read
            for name in (path.name, schema["$id"].replace("#", ""))
        ]
        registry = referencing.Registry().with_resources(resources)
        for path, schema in read:
            known[version, path.stem] = jsonschema.Draft7Validator(schema, registry=registry)

    def check(answer: httpx.Response, schema: str, version: str = "0.2"):
        assert answer.status_code == 200, answer.text
        known[version, schema].validate(answer.json())
        return answer.json()

    return check


@pytest.fixture(scope="module")
def ask(server, validate):
    """Send a batch and return the candidates of each query."""

    def send(queries: dict, **parameters: str) -> dict:
        answer = http.post(f"{server.url}/reconcile", data={"queries": json.dumps(queries)}, params=parameters)
        return {name: one["result"] for name, one in validate(answer, "reconciliation-result-batch").items()}

    return send


@pytest.fixture(scope="module")
def names(server):
    answer = http.get(server.sparql, params={"query": NAMED}, headers={"Accept": "application/sparql-results+json"})
    return [
        tuple(row.get(key, {}).get("value", "") for key in ("class", "thing", "name", "language", "alias"))
        for row in answer.json()["results"]["bindings"]
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("https://ror.org/03mchdq19", "ror:03mchdq19"), ("03mchdq19", "ror:03mchdq19"),
        ("ror: 03mchdq19", "ror:03mchdq19"),
        ("Q3357360", "wikidata:q3357360"), ("https://www.wikidata.org/wiki/Q3357360", "wikidata:q3357360"),
        ("http://data.europa.eu/eli/reg/2016/679/oj", "eli:reg/2016/679"), ("reg/2016/679", "eli:reg/2016/679"),
        ("https://data.europa.eu/eli/reg/2016/679", "eli:reg/2016/679"), ("CVR-nr. 12345678", "cvr:12345678"),
        ("DK 12345678", "cvr:12345678"), ("CVR-nr. 12 34 56 78", "cvr:12345678"),
        ("32016R0679", "celex:32016r0679"), ("Rigshospitalet", ""), ("", ""),
        ("id/place/pl-0001", "https://w3id.org/sundgraf/id/place/pl-0001"), ("x" * 400, ""),
        ("https://w3id.org/sundgraf/id/place/pl-0001", "https://w3id.org/sundgraf/id/place/pl-0001"),
        ("http://example.org/a/", "https://example.org/a"),
    ],
)  # fmt: skip
def test_identifiers_are_read_whichever_way_they_are_written(text, key):
    assert read_identifier(text) == key


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("magi", "mgai", 1), ("odense", "odnse", 1), ("aab", "ab", 1), ("kat", "kat", 0), ("kat", "hunde", 3),
     ("nordland", "norrland", 1), ("banana", "bananana", 2), ("rigshospitalet", "rigshopsitlaet", 2)],
)  # fmt: skip
def test_slips_are_counted(one, other, slips):
    assert count_slips(one, other) == count_slips(other, one) == slips


def test_manifests_fit_their_schemas_and_name_the_types_in_both_languages(server, validate):
    said = validate(http.get(f"{server.url}/reconcile", params={"lang": "da"}), "manifest")
    assert [kind["name"] for kind in said["defaultTypes"]][:3] == ["Organisation", "Projekt", "Løsning"]
    assert "1.0-draft" in validate(http.get(f"{server.url}/reconcile/v1"), "manifest", "1.0-draft")["versions"]
    assert http.get(f"{server.url}/reconcile").headers["access-control-allow-origin"] == "*"


def test_single_and_batch_queries_by_get_and_post(server, validate, ask):
    batch = {"a": {"query": "Rigshospitalet"}, "b": {"query": "GDPR", "type": "Regulation"}}
    found = ask(batch)
    by_get = http.get(f"{server.url}/reconcile", params={"queries": json.dumps(batch)})
    assert {name: one["result"] for name, one in validate(by_get, "reconciliation-result-batch").items()} == found
    assert found["a"][0]["id"] == "id/organisation/o-0010"
    assert found["a"][0]["match"]
    for text in ("Rigshospitalet", json.dumps(batch["a"])):
        single = http.get(f"{server.url}/reconcile", params={"query": text}).json()
        assert single["result"] == found["a"]
    script = http.get(f"{server.url}/reconcile", params={"query": "GDPR", "callback": "jQuery1_2"})
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.text.startswith("/**/jQuery1_2({")


def test_identifiers_decide(ask):
    found = ask({
        "ror": {"query": "https://ror.org/03mchdq19"}, "wikidata": {"query": "Q3357360"},
        "celex": {"query": "32016R0679"}, "eli": {"query": "http://data.europa.eu/eli/reg/2016/679"},
        "property": {"query": "The Royal Hospital", "properties": [{"pid": "identifier", "v": "03mchdq19"}]},
        "without name": {"properties": [{"pid": "identifier", "v": ["n/a", "03mchdq19"]}]},
        "shared": {"query": "Q26067"}, "typed": {"query": "Q26067", "type": "Place"},
        "unknown": {"query": "https://ror.org/0000000aa"},
        "another": {"query": "Aarhus Universitetshospital", "properties": [{"pid": "identifier", "v": "03mchdq19"}]},
    })  # fmt: skip
    for name in ("ror", "wikidata", "property", "without name"):
        assert (found[name][0]["id"], found[name][0]["match"]) == ("id/organisation/o-0010", True), name
    for name in ("celex", "eli"):
        assert (found[name][0]["id"], found[name][0]["match"]) == ("id/regulation/rg-1005", True), name
    assert [one["match"] for one in found["shared"]] == [False, False]  # the region is an authority and a territory
    assert (found["typed"][0]["id"], found["typed"][0]["match"]) == ("id/place/pl-0005", True)
    for name in ("unknown", "another"):
        assert not any(one["match"] for one in found[name]), name


def test_properties_tell_namesakes_apart(ask):
    found = ask({
        "alone": {"query": "Datatilsynet"},
        "place": {"query": "Datatilsynet", "properties": [{"pid": "place", "v": "Norge"}]},
        "short": {"query": "OUH"}, "placed": {"query": "OUH", "properties": [{"pid": "place", "v": "Denmark"}]},
        "entity": {"query": "OUH", "properties": [{"pid": "sted", "v": {"id": "id/place/pl-0000"}}]},
        "denied": {"query": "Rigshospitalet", "properties": [{"pid": "place", "v": "Norway"}]},
        "nothing": {"query": "Rigshospitalet", "properties": [{"pid": "place", "v": []}]},
        "vendor": {"query": "Corti", "type": "Product", "properties": [{"pid": "organisation", "v": "Corti"}]},
    })  # fmt: skip
    assert not any(one["match"] for one in found["alone"])
    assert found["place"][0]["id"] == "id/organisation/o-1424"
    assert not any(one["match"] for one in found["short"])  # it may be Oslo's, or Oulu's
    for name in ("placed", "entity"):
        assert (found[name][0]["id"], found[name][0]["match"]) == ("id/organisation/o-0008", True)
    assert not found["denied"][0]["match"]
    assert found["nothing"][0]["match"]  # a cell without a value says nothing
    assert found["vendor"][0]["match"]


def test_three_hundred_names_with_slips_translations_and_abbreviations(ask, names):
    cases = _cases(names)
    assert len(cases) == 300
    found = _send(ask, [(text, class_) for text, class_, _ in cases])
    wrong = [(case, each[0]["name"] if each else "") for case, each in zip(cases, found, strict=True)
             if not each or each[0]["id"] != case[2]]  # fmt: skip
    assert len(wrong) <= 15, wrong
    matched = [(case, one["id"]) for case, each in zip(cases, found, strict=True) for one in each if one["match"]]
    assert [pair for pair in matched if pair[0][2] != pair[1]] == []
    assert len(matched) >= 60  # those with a name of theirs in either language, or an alias that nothing else fits


def test_names_that_are_not_here_are_matched_with_nothing(ask, names):
    absent = _absent(names)
    for text, each in zip(absent, _send(ask, absent), strict=True):
        assert not any(one["match"] for one in each), (text, each)


def test_suggestions_preview_and_values_fit_their_schemas(server, validate):
    def get(path: str, **parameters: str) -> httpx.Response:
        return http.get(f"{server.url}/reconcile{path}", params=parameters, follow_redirects=True)

    found = validate(get("/suggest/entity", prefix="rigsh"), "suggest-entities-response")["result"]
    assert "id/organisation/o-0010" in [one["id"] for one in found]
    assert validate(get("/suggest/type", prefix="pro", lang="da"), "suggest-types-response")["result"]
    assert validate(get("/suggest/property", prefix="pla"), "suggest-properties-response")["result"][0]["id"] == "place"
    proposed = validate(get("/extend/propose", type="Project", limit="5"), "data-extension-property-proposal")
    assert len(proposed["properties"]) == 5
    assert "Rigshospitalet" in get("/preview", id="id/organisation/o-0010").text
    assert "frame-ancestors *" in get("/preview", id="id/organisation/o-0010").headers["content-security-policy"]
    assert get("/view", id="id/organisation/o-0010").url.path == "/doc/organisation/o-0010"
    assert "mammogram" in get("/flyout/entity", id="id/project/p-1001").json()["html"]
    asked = {"ids": ["id/project/p-1001", "id/project/p-999999", "no thing"],
             "properties": [{"id": "useCase"}, {"id": "place", "settings": {"limit": "1", "content": "id"}},
                            {"id": "startDate"}, {"id": "description"}]}  # fmt: skip
    told = validate(http.post(f"{server.url}/reconcile", data={"extend": json.dumps(asked)}), "data-extension-response")
    row = told["rows"]["id/project/p-1001"]
    assert row["useCase"][0]["id"] == "concept/use-case/breast-cancer-screening-reading"
    assert [list(cell) for cell in row["place"]] == [["str"]]
    assert told["rows"]["no thing"] == {"useCase": [], "place": [], "startDate": [], "description": []}
    validate(http.post(f"{server.url}/reconcile/v1/extend", json=asked), "data-extension-response", "1.0-draft")
    for path, schema in (
        ("/v1/suggest/entity", "suggest-entities-response"),
        ("/v1/extend/propose", "data-extension-property-proposal"),
    ):
        validate(get(path, prefix="rigsh"), schema, "1.0-draft")


def test_the_draft_has_conditions(server, validate):
    asked = {"queries": [
        {"type": "Organization",
         "conditions": [{"matchType": "name", "propertyValue": "Rigshospitalet"}], "lang": "da"},
        {"conditions": [{"matchType": "id", "propertyValue": "https://ror.org/03mchdq19"}]},
        {"conditions": [{"matchType": "name", "propertyValue": "OUH"},
                        {"matchType": "property", "propertyId": "place", "propertyValue": "Finland",
                         "required": True}]},
    ]}  # fmt: skip
    answer = http.post(f"{server.url}/reconcile/v1/match", json=asked)
    first, second, third = validate(answer, "reconciliation-result-batch", "1.0-draft")["results"]
    assert first["candidates"][0]["id"] == second["candidates"][0]["id"] == "id/organisation/o-0010"
    assert "id/organisation/o-0008" not in [one["id"] for one in third["candidates"]]


@pytest.mark.parametrize(
    ("field", "value", "status", "says"),
    [
        ("queries", "{", 400, "line 1, column 2"), ("queries", "[]", 400, "object"),
        ("queries", "[" * 9999, 400, "JSON"),
        ("queries", {"a": {"query": "x", "type": "Nothing"}}, 400, "Organization, Project"),
        ("queries", {"a": {"query": "x", "properties": [{"pid": "nothing", "v": 1}]}}, 400, "no property 'nothing'"),
        ("queries", {"a": {"query": "x", "limit": 10**9}}, 400, "1 to 100"),
        ("queries", {"a": {"query": "x", "props": []}}, 400, "no member 'props'"),
        ("queries", {"a": {"query": "x" * 2000}}, 400, "1000 characters"),
        ("queries", {"a": {}}, 400, "name to be found"),
        ("queries", {"a": {"query": "x", "properties": [{"pid": "place", "v": {"x": 1}}]}}, 400, "a value is"),
        ("queries", {f"q{n}": {"query": "x"} for n in range(10_000)}, 413, "10,000 queries"),
        ("queries", {"a": {"query": "x", "properties": [{"pid": "place", "v": ["x"] * 99}]}}, 400, "20 values"),
        ("queries", "x" * (2 << 20), 413, "bytes"), ("extend", {"ids": []}, 400, "properties"),
        ("extend", {"ids": ["x"], "properties": [{"id": "nothing"}]}, 400, "no property"),
        ("extend", {"ids": ["x"] * 2000, "properties": []}, 413, "1000 things"),
    ],
)  # fmt: skip
def test_bad_input_is_told_clearly(server, field, value, status, says):
    text = value if isinstance(value, str) else json.dumps(value)
    answer = http.post(f"{server.url}/reconcile", data={field: text})
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text[:500]
    assert says in answer.json()["detail"]


def test_a_person_pastes_names_into_a_page(server):
    names = "Rigshospitalet\n\nRigshopitalet\n<b>zzzzqq</b>\n"
    asked = {"names": names, "type": "http://www.w3.org/ns/org#Organization"}
    answer = http.post(f"{server.url}/reconcile?lang=da", data=asked, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.text.count('href="/doc/organisation/o-0010?lang=da"') >= 2
    assert "&lt;b&gt;zzzzqq&lt;/b&gt;" in answer.text
    assert "ikke registreret" in answer.text
    many = {"names": "x\n" * 201}
    assert http.post(f"{server.url}/reconcile", data=many, headers={"Accept": "text/html"}).status_code == 413


def test_callback_is_a_name_and_unknown_things_are_not_found(server):
    assert http.get(f"{server.url}/reconcile", params={"query": "x", "callback": "alert(1)//"}).status_code == 400
    for path in ("/preview?id=id/project/p-999999", "/view?id=javascript:alert(1)", "/flyout/nothing?id=x"):
        assert http.get(f"{server.url}/reconcile{path}").status_code == 404, path
    for body in (b"{", b'{"queries": [{}]}', b'{"queries": [{"conditions": [{"matchType": "x"}]}]}', b"\xff"):
        assert http.post(f"{server.url}/reconcile/v1/match", content=body).status_code == 400, body


def _send(ask, wanted):
    """Return the candidates for (text, class) pairs, or for texts of any class, in order."""
    found = []
    for start in range(0, len(wanted), 50):
        part = [one if isinstance(one, tuple) else (one, "") for one in wanted[start : start + 50]]
        answers = ask(
            {f"q{n}": {"query": text, "type": class_ or [], "limit": 3} for n, (text, class_) in enumerate(part)}
        )
        found += [answers[f"q{n}"] for n in range(len(part))]
    return found


def _cases(names):
    """Return 300 (text, class, identifier): 110 with a slip, 60 translated, 60 aliases, 70 abbreviated."""
    rng = random.Random(20261126)
    things: dict[tuple[str, str], set[str]] = {}
    for class_, thing, name, *_ in names:
        things.setdefault((class_, fold(name)), set()).add(thing)
    alone = [row for row in names if len(things[row[0], fold(row[2])]) == 1 and len(row[2]) < 120]
    rng.shuffle(alone)
    both = {(thing, language): name for _, thing, name, language, alias in names if not alias}
    slips = [(_slip(name, rng), c, t) for c, t, name, *_ in alone if re.search(r"[^\W\d]{6}", name)]
    translated = [(name, c, t) for c, t, name, language, alias in alone
                  if language == "da" and not alias and both.get((t, "en"), name) != name]  # fmt: skip
    aliases = [(name, c, t) for c, t, name, _, alias in alone if alias and len(name) > 2]
    short: dict[tuple[str, str], set[str]] = {}
    told = {(c, t, name): _initials(name) for c, t, name, *_ in names}
    for (class_, thing, _), initials in told.items():
        short.setdefault((class_, initials), set()).add(thing)
    initials = [(told[c, t, n], c, t) for c, t, n, *_ in alone
                if 3 <= len(told[c, t, n]) <= 5 and c.endswith("Organization") and short[c, told[c, t, n]] == {t}
                and not things.get((c, told[c, t, n].lower()))]  # fmt: skip
    cut = [(_cut_short(name), c, t) for c, t, name, *_ in alone
           if c.endswith("Organization") and _cut_short(name) != name]  # fmt: skip
    cases = [*slips[:110], *translated[:60], *aliases[:60], *initials[:35], *cut[:35]]
    return [(text, class_, thing.removeprefix("https://w3id.org/sundgraf/")) for text, class_, thing in cases]


def _absent(names):
    """Return names like ours that are not here: a telling word of each is another's, or one letter is."""
    rng = random.Random(7)
    known = {fold(name) for *_, name, _, _ in names}
    organisations = sorted({name for class_, _, name, *_ in names if class_.endswith("Organization")})
    made = []
    for name in rng.sample(organisations, 150):
        words, others = name.split(), rng.choice(organisations).split()
        words[rng.randrange(len(words))] = max(others, key=len)
        made.append(" ".join(words))
    made += [
        "Region Norrland", "Norrlands universitetssjukhus", "Region Norddanmark", "Region Syd", "OUH Tromsø",
        "Kolding Sygehus Nord", "University of Southern Sweden", "Prop. 113 L", "Forordning (EU) 2099/1", "AI", "C++",
        "Hospital", "n/a", "-", "?", "Ukendt", "id/organisation/o-9999",
    ]  # fmt: skip
    return [text for text in made if fold(text) not in known and text]


def _slip(name, rng):
    """Drop, double, swap or change a letter within a long word."""
    start, end = rng.choice([match.span() for match in re.finditer(r"[^\W\d]{6,}", name)])
    at = rng.randrange(start + 1, end - 2)
    kind = rng.randrange(4)
    if kind == 0:
        return name[:at] + name[at + 1 :]
    if kind == 1:
        return name[:at] + name[at] + name[at:]
    if kind == 2 and name[at] != name[at + 1]:
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name[:at] + rng.choice([letter for letter in "abdeikmnoprst" if letter != name[at].lower()]) + name[at + 1 :]


def _initials(name):
    small = {"of", "og", "and", "the", "for", "i", "in", "at", "af", "de", "på", "&", "til", "with", "med", "ved"}
    return "".join(word[0].upper() for word in re.findall(r"[^\W\d_]+", name) if word.lower() not in small)


def _cut_short(name):
    """Write the long words that names share as people do: Univ., Hosp., Reg., Inst., Dept."""
    for word, short in (
        ("University", "Univ."), ("Universitet", "Univ."), ("Hospital", "Hosp."), ("Region", "Reg."),
        ("Institute", "Inst."), ("Department", "Dep."), ("Sygehus", "Sygeh."), ("Centre", "C."),
    ):  # fmt: skip
        name = re.sub(rf"\b{word}\b", short, name)
    return name


def test_properties_alone_find_what_has_them_and_are_never_a_match(ask):
    """Version 0.2 allows a query without a name: {"properties": [...]}."""
    found = ask(
        {
            "both": {"type": "Deployment", "properties": [{"pid": "place", "v": "Danmark"},
                                                          {"pid": "stage", "v": "in operation"},
                                                          {"pid": "organisation", "v": "Rigshospitalet"}]},
            "year": {"type": "Project", "properties": [{"pid": "startDate", "v": 2020}], "limit": 3},
            "none": {"properties": [{"pid": "place", "v": "Atlantis"}]},
        }
    )  # fmt: skip
    assert found["both"]
    assert found["both"][0]["score"] >= found["both"][-1]["score"]
    features = {one["id"]: one["value"] for one in found["both"][0]["features"]}
    assert features["organisation"] == features["place"] == 1.0
    assert 0 < len(found["year"]) <= 3
    assert not any(one["match"] for each in found.values() for one in each)
    assert found["none"] == []


def test_cvr_number_decides_where_an_organisation_has_one():
    """No source that we hold gives a CVR number, so the graph has none: the register is made here."""
    organisation, iri = "http://www.w3.org/ns/org#Organization", "https://w3id.org/sundgraf/id/organisation/o-9999"
    finder = Finder([(iri, organisation, "Eksempel A/S", "", False)])
    known = make_register(finder, read_comparable(ROOT), [(iri, "https://datacvr.virk.dk/enhed/virksomhed/12345678")])
    for text in ("CVR-nr. 12 34 56 78", "12345678", "DK12345678"):
        (one,) = known.judge(query := Query(text), known.find(query, "da"), {})
        assert (one.iri, one.match) == (iri, True), text
