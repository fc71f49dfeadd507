// Ask sundgraf from JavaScript (Node 20 or later, or a browser): node ask.mjs [address of the service]
const service = process.argv[2] ?? "http://127.0.0.1:8000";

async function ask(path, parameters = {}) {
  const answer = await fetch(`${service}${path}?${new URLSearchParams(parameters)}`, {
    headers: { Accept: "application/sparql-results+json" },
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${(await answer.json()).detail}`);
  const { head, results } = await answer.json();
  return results.bindings.map((row) => Object.fromEntries(head.vars.map((name) => [name, row[name]?.value ?? null])));
}

console.table((await ask("/ask/lacking-in-region", { region: "pl-0004" })).slice(0, 3));
const query = "SELECT ?s { ?s a <https://w3id.org/sundgraf/def/Solution> } ORDER BY ?s LIMIT 3";
console.table(await ask("/sparql", { query }));

const record = await fetch(`${service}/id/solution/s-0002`, { headers: { Accept: "application/ld+json" } });
console.log(record.url, (await record.json()).length);
