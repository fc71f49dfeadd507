// What the editor says, in the language of the page. What YASGUI says itself in English is put into Danish after it drew.
export const language = document.documentElement.lang === "da" ? "da" : "en";
export const t = (english, danish) => (language === "da" ? danish : english);

const SAID = {
  "Table": "Tabel", "Response": "Rå svar", "Simple view": "Enkel visning", "Ellipse": "Forkort", "Page size: ": "Rækker pr. side: ",
  "All": "Alle", "Filter query results": "Filtrér svaret", "Download Results": "Hent svaret", "Download result": "Hent svaret",
  "Shows Table view": "Vis som tabel", "Shows Response view": "Vis det rå svar", "Share query": "Del forespørgslen",
  "Run query": "Kør forespørgslen", "True": "Ja", "False": "Nej", "No data available in table": "Intet at vise",
};
const ALWAYS = { "True": "Yes", "False": "No", "Ellipse": "Shorten" };

/** Put what stands in `root` into the language of the page. */
export function translate(root) {
  const said = language === "da" ? SAID : ALWAYS;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (said[node.data]) node.data = said[node.data];
  }
  for (const element of root.querySelectorAll("[aria-label], [title], [placeholder]")) {
    for (const name of ["aria-label", "title", "placeholder"]) {
      const text = element.getAttribute(name);
      if (said[text]) element.setAttribute(name, said[text]);
    }
  }
  for (const chip of root.querySelectorAll(".yasr_response_chip")) {
    if (language === "da") {
      chip.textContent = chip.textContent.replace(/results?/, "rækker").replace(" in ", " på ")
        .replace(/seconds?/, "sekund(er)").replace("Response", "Svar").replace(".", ",");
    }
  }
}
