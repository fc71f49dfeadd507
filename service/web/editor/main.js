// The SPARQL editor: YASGUI's editor and result views put over the page's plain form. It talks to this service only, and
// keeps nothing in the browser: the address holds the query, so that it can be kept, shared and reloaded.
import Yasgui from "@zazuko/yasgui";
import "@zazuko/yasgui/build/yasgui.min.css";
import { Chart } from "./chart.js";
import { teach } from "./completion.js";
import "./editor.css";
import { Pivot } from "./pivot.js";
import { language, t, translate } from "./words.js";

const BASE = "https://w3id.org/sundgraf/";
const { Yasqe, Yasr } = Yasgui;
const form = document.getElementById("ask");
const plain = document.getElementById("query");
const answer = document.getElementById("answer");

const prefixes = await teach(Yasqe).catch(() => ({}));
Yasr.registerPlugin("pivot", Pivot);
Yasr.registerPlugin("chart", Chart);
Object.assign(Yasr.plugins.table.defaults, { openIriInNewWindow: false });
Object.assign(Yasr.plugins.table.defaults.tableConfig.language, {
  paginate: { first: "«", last: "»", next: "›", previous: "‹" },
  info: t("Rows _START_ to _END_ of _TOTAL_", "Række _START_ til _END_ af _TOTAL_"), infoEmpty: "",
  infoFiltered: t("(of _MAX_)", "(af _MAX_)"), zeroRecords: t("No row fits.", "Ingen række passer."),
  emptyTable: t("Nothing in the graph answers it.", "Intet i grafen svarer på den."),
});

const high = plain.offsetHeight;
const place = document.createElement("div");
place.className = "editor";
plain.after(place);
const linked = new URLSearchParams(location.hash.slice(1)); // how YASGUI writes its links elsewhere
const begun = linked.get("query") ?? plain.value;
const yasqe = new Yasqe(place, {
  value: begun,
  persistenceId: null,
  consumeShareLink: null,
  createShareableLink: null, // the page has a button of its own for it
  requestConfig: { endpoint: new URL(`/sparql?lang=${language}`, location.href).href, method: "POST", headers: {}, args: [],
    acceptHeaderSelect: "application/sparql-results+json", acceptHeaderGraph: "text/turtle" },
  editorHeight: `${high}px`, // that of the plain form, so that nothing moves
  showQueryButton: false,
  screenReaderLabel: t("SPARQL query", "SPARQL-forespørgsel"),
  lineNumbers: true,
});
yasqe.getInputField().setAttribute("aria-label", t("SPARQL query", "SPARQL-forespørgsel"));
plain.hidden = true;
plain.required = false;
form.classList.add("edited");

const views = document.createElement("div");
const yasr = new Yasr(views, {
  persistenceId: null,
  prefixes: () => ({ ...prefixes, ...yasqe.getPrefixesFromQuery() }),
  pluginOrder: ["table", "pivot", "chart", "response"],
  defaultPlugin: linked.get("view") ?? new URLSearchParams(location.search).get("view") ?? "table",
  plugins: { table: { enabled: true, dynamicConfig: { compact: true, isEllipsed: false } } },
  errorRenderers: [explain],
  getDownloadFileName: () => "sundgraf",
});
yasr.on("drawn", () => {
  translate(yasr.rootEl);
  tidy();
});
yasr.on("change", () => history.replaceState(null, "", permalink()));

yasqe.on("query", () => answer.setAttribute("aria-busy", "true"));
yasqe.on("queryResponse", (_yasqe, response, duration) => {
  answer.replaceChildren(views);
  answer.setAttribute("aria-busy", "false");
  yasr.setResponse(response, duration);
  history.replaceState(null, "", permalink());
});
yasqe.on("change", () => (plain.value = yasqe.getValue()));

form.addEventListener("submit", (event) => {
  plain.value = yasqe.getValue();
  if (event.submitter?.value !== "html") return; // a download
  event.preventDefault();
  yasqe.query().catch(() => {});
});
answer.addEventListener("click", (event) => {
  const link = event.target.closest("a.iri");
  if (link?.href.startsWith(BASE)) link.href = `${location.origin}/${link.href.slice(BASE.length)}?lang=${language}`;
});
drawCopyButton();
translate(place);
if (answer.hasAttribute("data-ran") || linked.has("query")) yasqe.query().catch(() => {});

/** Return the address of this page with the query and view of now. */
function permalink() {
  const address = new URL("/sparql", location.href);
  address.searchParams.set("lang", language);
  address.searchParams.set("format", "html");
  if (yasr.getSelectedPluginName() !== "table") address.searchParams.set("view", yasr.getSelectedPluginName());
  address.searchParams.set("query", yasqe.getValue());
  return address;
}

function drawCopyButton() {
  const kept = form.querySelector("button[formmethod]");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "second";
  button.textContent = t("Copy a link", "Kopiér et link");
  button.addEventListener("click", async () => {
    history.replaceState(null, "", permalink());
    await navigator.clipboard?.writeText(permalink().href).catch(() => {});
    button.textContent = t("Copied", "Kopieret");
    setTimeout(() => (button.textContent = t("Copy a link", "Kopiér et link")), 2000);
  });
  kept.replaceWith(button);
}

/** Say what went wrong in the words of the problem document (RFC 9457), and go to the place in the query. */
async function explain(error) {
  let problem;
  try {
    problem = JSON.parse(error.text);
  } catch {
    return undefined;
  }
  const text = document.createElement("p");
  text.className = "fault";
  text.setAttribute("role", "alert");
  text.textContent = language === "da" && problem.detail ? problem.detail : `${problem.title}. ${problem.detail ?? ""}`;
  if (problem.line) yasqe.setCursor({ line: problem.line - 1, ch: (problem.column ?? 1) - 1 });
  return text;
}

/** Name what YASGUI leaves nameless, so that screen readers and keyboards can use it. */
function tidy() {
  for (const link of yasr.rootEl.querySelectorAll(".yasr_external_ref_btn")) link.remove();
  for (const select of yasr.rootEl.querySelectorAll("select.tableSizer")) {
    select.setAttribute("aria-label", t("Rows on a page", "Rækker pr. side"));
  }
  for (const box of yasr.rootEl.querySelectorAll(".tableControls input[type=checkbox]")) box.removeAttribute("aria-hidden");
  for (const button of yasr.rootEl.querySelectorAll(".yasr_btnGroup button")) {
    button.setAttribute("aria-pressed", String(button.classList.contains("selected")));
  }
  for (const head of yasr.rootEl.querySelectorAll("th")) {
    if (!head.textContent.trim()) head.append(Object.assign(document.createElement("span"), { className: "unseen", textContent: t("Row", "Række") }));
  }
  yasr.rootEl.querySelector("#yasr_plugin_control")?.removeAttribute("aria-controls");
}
