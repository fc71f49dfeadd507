"""Ask sundgraf from a notebook: python ask.py [address of the service]."""

import sys

from sundgraf import connect

graph = connect(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")

table = graph.ask("lacking-in-region", region="pl-0004")
print(table.to_pandas().head())

counts = graph.query(
    "SELECT ?class (COUNT(*) AS ?things) { ?s a ?class } GROUP BY ?class ORDER BY DESC(?things) LIMIT 5"
)
print(counts.to_pandas())

solution = graph.resolve("https://w3id.org/sundgraf/id/solution/s-0002")
print(solution.label("da"), solution.values("source"))

for event in graph.events():
    print(event.number, event.what, event.iri, event.time)
    if event.number == 3:
        break
