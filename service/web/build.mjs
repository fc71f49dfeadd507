// Bundles what the pages take from npm into the folder that the service serves, with the licences of what is inside.
import { build } from "esbuild";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../sundgraf/http/static/vendor/");

await mkdir(target, { recursive: true });
await writeFile(`${target}LICENSES.txt`, await licences());
// Last, since make takes the script's time for the time of the whole.
await build({
  entryPoints: { editor: here("editor/main.js") },
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none", // they are in LICENSES.txt, whole
  loader: { ".svg": "dataurl", ".png": "dataurl" },
  logLevel: "warning",
});

/** Returns the name, licence and licence text of every package that the editor is made of. */
async function licences() {
  const packages = JSON.parse(await readFile(here("package-lock.json"), "utf8")).packages;
  const parts = [];
  for (const [folder, said] of Object.entries(packages)) {
    if (!folder || said.dev || said.optional) continue;
    const about = JSON.parse(await readFile(here(`${folder}/package.json`), "utf8"));
    const file = (await readdir(here(folder))).find((name) => /^(licen[cs]e|copying)/i.test(name));
    const text = file ? await readFile(here(`${folder}/${file}`), "utf8") : "";
    const licence = said.license ?? about.license ?? "see the package";
    parts.push(`${about.name} ${about.version}\nLicence: ${licence}\n\n${text.trim()}`.trim());
  }
  return `The SPARQL editor is made of these packages.\n\n${parts.join("\n\n----\n\n")}\n`;
}
