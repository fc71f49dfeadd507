"""How answers are written: every result and RDF format, well-formed, and cut at a limit in a way that shows.

The engine's own writers are used where they are right (JSON, XML, TSV and most RDF), ours where they are not: its CSV
does not quote an IRI with a comma, and its RDF/XML is malformed for a predicate or type whose IRI ends in something
that is no XML name (both in shared findings, reproduced in tests/test_writers.py).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, cast
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph as ox

from sundgraf.domain.errors import NotAcceptable
from sundgraf.store.row_gate import CutShort, RowGate, Sink
from sundgraf.store.xml_gate import XMLGate

_RESULTS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_GRAPHS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
    "n3": ox.RdfFormat.N3,
}
PREFIXES: Mapping[str, str] = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sg": "https://w3id.org/sundgraf/def/",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE = f"{_RDF}type"
_UNNAMEABLE = frozenset(  # RDF 1.1 XML Syntax section 5.1: names that mean something else where a property stands
    f"{_RDF}{name}" for name in (
        "RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "bagID", "aboutEach", "aboutEachPrefix",
        "Description", "li",
    )
)  # fmt: skip
_XML_SPACES = ("http://www.w3.org/2000/xmlns/", "http://www.w3.org/XML/1998/namespace")
_ENDS_IN_XML_NAME = re.compile(
    r"[A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff]"
    r"[A-Za-z0-9_.\u00b7\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff-]*\Z"
)
_ROWS_AT_ONCE = 512

Statement = ox.Triple | ox.Quad


def write_solutions(solutions: ox.QuerySolutions, name: str, sink: Sink, row_limit: int) -> bool:
    """Write a SELECT's rows in the format called `name`; say whether they were cut at `row_limit` (0 = none)."""
    if name == "csv":
        return _write_csv(solutions, sink, row_limit)
    if name == "xml":
        sink = XMLGate(sink, "JSON or CSV")
    gate = RowGate(sink, name, row_limit) if row_limit else None
    try:
        solutions.serialize(cast("IO[bytes]", gate or sink), format=_RESULTS[name])
    except CutShort:
        if gate is None or not gate.full:
            raise
        gate.close_body()
        return True
    return False


def write_boolean(answer: ox.QueryBoolean, name: str, sink: Sink) -> None:
    """Write an ASK's answer. CSV and TSV, which no standard defines for it, hold the bare word as engines do."""
    if name in ("csv", "tsv"):
        sink.write(b"true" if answer else b"false")
    else:
        answer.serialize(cast("IO[bytes]", sink), format=_RESULTS[name])


def write_triples(triples: Iterable[ox.Triple], name: str, sink: Sink, row_limit: int) -> bool:
    """Write a graph in the format called `name`; say whether it was cut at `row_limit` triples (0 = none)."""
    cut = False
    if row_limit:
        limited = _Limited(triples, row_limit)
        _write_statements(limited, name, sink)
        cut = limited.cut
    else:
        _write_statements(triples, name, sink)
    return cut


def write_graph(statements: Iterable[Statement], name: str, prefixes: Mapping[str, str] | None = None) -> bytes:
    """Return a graph or dataset in the format called `name`. Quads are merged in formats that hold one graph."""
    buffer = io.BytesIO()
    if name not in ("nquads", "trig", "jsonld"):
        statements = [s.triple if isinstance(s, ox.Quad) else s for s in statements]
    _write_statements(statements, name, buffer, prefixes)
    return buffer.getvalue()


def _write_statements(
    statements: Iterable[Statement], name: str, sink: Sink | IO[bytes], prefixes: Mapping[str, str] | None = None
) -> None:
    used = dict(PREFIXES if prefixes is None else prefixes)
    if isinstance(statements, list) and name in ("turtle", "trig", "n3", "rdfxml", "jsonld"):
        used = _used(used, statements)
    if name == "rdfxml":
        sink = XMLGate(sink, "Turtle or N-Triples")
        held = list(cast("Iterable[ox.Triple]", statements))
        unnameable = sorted({t.predicate.value for t in held if _has_no_xml_name(t.predicate.value)})
        if unnameable:
            raise NotAcceptable(
                f"RDF/XML has no way to write the predicate <{unnameable[0]}>; ask for Turtle or N-Triples instead."
            )
        if any(_type_without_name(t) for t in held):
            sink.write(_flat_rdfxml(held))
            return
        statements = held
    elif name in ("jsonld", "n3"):
        statements = _without_news(statements, name)
    ox.serialize(cast("Iterable[ox.Quad]", statements), cast("IO[bytes]", sink), _GRAPHS[name], prefixes=used)


def _has_no_xml_name(iri: str) -> bool:
    local = _ENDS_IN_XML_NAME.search(iri)
    return local is None or iri in _UNNAMEABLE or iri[: local.start()] in _XML_SPACES


def _without_news(statements: Iterable[Statement], name: str) -> Iterator[Statement]:
    """Pass on statements; raise NotAcceptable for terms of RDF 1.2 that JSON-LD or N3 cannot say."""
    for statement in statements:
        value = statement.object
        directed = name == "n3" and isinstance(value, ox.Literal) and value.direction is not None
        if directed or isinstance(value, ox.Triple):
            raise NotAcceptable(f"{name} has no way to write a term of RDF 1.2; ask for Turtle or N-Triples instead.")
        yield statement


def _used(prefixes: dict[str, str], statements: Iterable[Statement]) -> dict[str, str]:
    heads = set()
    for statement in statements:
        for term in (statement.subject, statement.predicate, statement.object):
            if isinstance(term, ox.NamedNode):
                heads.add(term.value[: max(term.value.rfind("#"), term.value.rfind("/")) + 1])
            elif isinstance(term, ox.Literal):
                heads.add(term.datatype.value.rpartition("#")[0] + "#")
    return {prefix: iri for prefix, iri in sorted(prefixes.items()) if iri in heads}


def _type_without_name(triple: ox.Triple) -> bool:
    kind = triple.object
    return (
        triple.predicate.value == _TYPE and isinstance(kind, ox.NamedNode) and not _ENDS_IN_XML_NAME.search(kind.value)
    )


def _flat_rdfxml(triples: list[ox.Triple]) -> bytes:
    """RDF/XML with one description per statement and every type as a property; only for odd type IRIs."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<rdf:RDF xmlns:rdf={quoteattr(_RDF)}>"]
    for triple in triples:
        lines.append(f"<rdf:Description {_xml_subject(triple.subject)}>{_xml_property(triple)}</rdf:Description>")
    return "\n".join([*lines, "</rdf:RDF>", ""]).encode()


def _xml_subject(subject: object) -> str:
    if isinstance(subject, ox.BlankNode):
        return f'rdf:nodeID="b{subject.value}"'
    return f"rdf:about={quoteattr(str(getattr(subject, 'value', '')))}"


def _xml_property(triple: ox.Triple) -> str:
    iri, value = triple.predicate.value, triple.object
    local = _ENDS_IN_XML_NAME.search(iri)
    assert local is not None
    name = f"p:{local[0]}"
    start = f"{name} xmlns:p={quoteattr(iri[: local.start()])}"
    if isinstance(value, ox.Literal):
        if value.language:
            start += f" xml:lang={quoteattr(value.language)}"
        elif not value.datatype.value.endswith("XMLSchema#string"):
            start += f" rdf:datatype={quoteattr(value.datatype.value)}"
        return f"<{start}>{escape(value.value)}</{name}>"
    if isinstance(value, ox.BlankNode):
        return f'<{start} rdf:nodeID="b{value.value}"/>'
    return f"<{start} rdf:resource={quoteattr(str(getattr(value, 'value', '')))}/>"


class _Limited:
    """Passes on at most `limit` triples and remembers whether there were more."""

    def __init__(self, triples: Iterable[ox.Triple], limit: int) -> None:
        self._triples = triples
        self._limit = limit
        self.cut = False

    def __iter__(self) -> Iterator[ox.Triple]:
        for position, triple in enumerate(self._triples):
            if position >= self._limit:
                self.cut = True
                return
            yield triple


def _write_csv(solutions: ox.QuerySolutions, sink: Sink, row_limit: int) -> bool:
    names = [variable.value for variable in solutions.variables]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    if not names:
        text.truncate(0)
        text.seek(0)
        text.write("\r\n")
    width = range(len(names))
    cut = False
    for position, row in enumerate(solutions):
        if row_limit and position >= row_limit:
            cut = True
            break
        if names:
            writer.writerow([_csv_cell(row[i]) for i in width])
        else:
            text.write("\r\n")
        if position % _ROWS_AT_ONCE == 0:
            sink.write(text.getvalue().encode())
            text.seek(0)
            text.truncate(0)
    sink.write(text.getvalue().encode())
    return cut


def _csv_cell(term: object) -> str:
    if term is None:
        return ""
    if isinstance(term, ox.BlankNode):
        return f"_:{term.value}"
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else str(term)


def statements_about(rows: Iterable[tuple[str, str, str]]) -> bytes:
    """Return N-Triples for (subject, predicate, object) IRIs."""
    triples = (ox.Triple(ox.NamedNode(s), ox.NamedNode(p), ox.NamedNode(o)) for s, p, o in rows)
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def merge_documents(documents: Iterable[bytes], name: str, graph: str = "") -> bytes:
    """Return N-Triples documents as one in the format called `name`, each statement once, in a fixed order.

    Blank nodes that bear the same name are the same, so the documents must come from one store. `graph` puts all of it
    into a named graph.
    """
    seen: dict[ox.Triple, None] = {}
    for document in documents:
        for quad in ox.parse(document, format=ox.RdfFormat.N_TRIPLES, rename_blank_nodes=False):
            seen[quad.triple] = None
    into = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    ordered = in_order(ox.Quad(t.subject, t.predicate, t.object, into) for t in seen)
    return write_graph(ordered if graph else [quad.triple for quad in ordered], name)


def in_order(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """Sort, with blank nodes named as RDFC-1.0 says: the store names them anew each time that it loads a graph."""
    found = list(quads)
    if any(isinstance(term, ox.BlankNode) for quad in found for term in (quad.subject, quad.object)):
        dataset = ox.Dataset(found)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        found = list(dataset)
    return sorted(found, key=lambda quad: (str(quad.graph_name), str(quad.triple)))
