"""Whatever comes in is read, or refused in words: each parser by itself, and all of a running service.

SUNDGRAF_FUZZ sets how many examples each has; `python -m tests.bench.fuzz` asks thousands, also with tokens.
"""

from __future__ import annotations

import io
import os

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.fuzz import ask_anything, ask_described, limits, mutated

from sundgraf.domain.errors import SundgrafError
from sundgraf.domain.media import GRAPHS, HTML, SOLUTIONS, choose, prefers_html
from sundgraf.domain.names import parse_path
from sundgraf.domain.question import TYPES, Parameter, Question, bind, parse_question
from sundgraf.domain.sparql import as_lookup, bind_values, datasets_of, ordering_of, read
from sundgraf.store.document import NEW, TABLES, Document, format_name, read_document
from sundgraf.store.places import Places
from sundgraf.store.tables import read_tables

EXAMPLES = int(os.environ.get("SUNDGRAF_FUZZ", "60"))
FORMATS = ("turtle", "trig", "ntriples", "nquads", "jsonld", "rdfxml", "csv", "xlsx")
QUERIES = (
    b"PREFIX sg: <https://w3id.org/sundgraf/def/> SELECT ?s (COUNT(*) AS ?n) WHERE { ?s a sg:Project ; ?p 'a\\'b' } "
    b"GROUP BY ?s ORDER BY DESC(?n) ?s LIMIT 10",
    b'SELECT ?o WHERE { <http://x/a> <http://x/p> ?o FILTER(LANG(?o) = "da") }',
    b"ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } } # SERVICE",
    b"CONSTRUCT { ?s ?p ?o } FROM <http://x/> WHERE { GRAPH ?g { ?s ?p ?o } VALUES ?s { <http://x/\\u0061> } }",
)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Figure"
    book.active.append(["record", "title (en)"])
    book.active.append(["x", "=1+1"])
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


BOOK = workbook()


@limits(EXAMPLES * 4)
@given(format=st.sampled_from(FORMATS), content=st.one_of(mutated(), mutated((BOOK,)), st.binary(max_size=80)))
def test_any_bytes_are_a_document_or_are_refused(format, content):
    document = Document("x", content, format)
    try:
        if format in TABLES:
            read_tables(document)
        else:
            Places(document.text, format, NEW).locate("_:a", "http://x/p", "v")
            read_document(document)
    except SundgrafError as error:
        assert str(error)


@limits(EXAMPLES * 2)
@given(text=st.one_of(mutated(QUERIES).map(lambda body: body.decode("utf-8", "replace")), st.text(max_size=60)))
def test_any_text_is_a_query_or_is_refused(text):
    for look in (read, datasets_of, ordering_of, as_lookup):
        try:
            look(text)
        except SundgrafError as error:
            assert str(error)


@limits(EXAMPLES * 2)
@given(text=st.text(max_size=60), kind=st.sampled_from(TYPES), several=st.booleans())
def test_any_text_is_a_value_or_is_refused_and_is_never_more_than_a_value(text, kind, several):
    parameter = Parameter("p", kind, {}, optional=True, scheme="stage" * (kind == "concept"), several=several)
    question = Question("q", "SELECT DISTINCT ?p ?s WHERE { ?s ?q ?p }", parameters=(parameter,))
    try:
        bound = bind(question, {"p": text})
    except SundgrafError as error:
        assert str(error)
        return
    asked = bind_values(question.text, bound)
    assert read(asked).form == "SELECT"
    assert asked.count("WHERE {") == 1 or "WHERE {" in text


@limits(EXAMPLES * 2)
@given(room=st.sampled_from(["id", "doc", "def", "graph", "query"]), text=st.text(max_size=40))
def test_any_path_accept_file_name_and_front_matter_is_read_or_refused(room, text):
    for look in (
        lambda: parse_path(room, text),
        lambda: choose(text, (HTML, *GRAPHS)),
        lambda: choose(f"text/{text}", SOLUTIONS),
        lambda: prefers_html(f"text/html;{text}"),
        lambda: format_name(text, text),
        lambda: parse_question("q", f"#+ {text}"),
    ):
        try:
            look()
        except SundgrafError as error:
            assert str(error)


@pytest.mark.parametrize(("ask", "examples"), [(ask_described, EXAMPLES), (ask_anything, EXAMPLES * 5)])
def test_a_running_service_has_no_fault_whatever_it_is_asked(server, ask, examples):
    seen = ask(server.url, examples)
    assert sum(seen.values()) >= examples // 2
    assert seen[200]
    assert "Traceback" not in server.said()
