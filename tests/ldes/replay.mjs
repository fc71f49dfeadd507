// Follow a feed with ldes-client: node replay.mjs <url> <state folder>. Each new member is a JSON line of its quads.
import { Writer } from "n3";
import { replicateLDES } from "ldes-client";

const [url, statePath] = process.argv.slice(2);
const client = replicateLDES({ url, statePath, noShape: true, polling: false }, "none");
client.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
const writer = new Writer({ format: "N-Quads" });
for await (const member of client.stream({ highWaterMark: 10 })) {
  console.log(JSON.stringify({ id: member.id.value, quads: writer.quadsToString(member.quads) }));
}
