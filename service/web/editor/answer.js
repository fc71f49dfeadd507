// What the pivot and the chart share: the answer as columns, and controls that draw anew.
import { language } from "./words.js";

const NUMBER = /#(integer|int|long|short|byte|decimal|double|float|nonNegativeInteger|positiveInteger)$/;
export const shown = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });

/** Return the variables of an answer, and which of them hold numbers. */
export function columnsOf(results) {
  const variables = results?.getVariables() ?? [];
  const rows = results?.getBindings() ?? [];
  const numbers = variables.filter((name) => {
    const bound = rows.map((row) => row[name]).filter(Boolean);
    return bound.length > 0 && bound.every((term) => NUMBER.test(term.datatype ?? ""));
  });
  const texts = variables.filter((name) => !numbers.includes(name));
  const labels = texts.filter((name) => rows.some((row) => row[name] && row[name].type !== "uri"));
  return { rows, numbers, texts, labels: labels.length ? labels : texts };
}

/** Return what a cell shows. */
export function textOf(term) {
  if (!term) return "";
  return term.type === "uri" ? term.value.replace(/^https:\/\/w3id\.org\/sundgraf\//, "") : term.value;
}

/** Return a labelled choice; `onChange` is called with what was chosen. */
export function choice(label, options, chosen, onChange) {
  const wrapper = document.createElement("label");
  const select = document.createElement("select");
  for (const [value, text] of options) select.append(new Option(text, value, false, value === chosen));
  select.addEventListener("change", () => onChange(select.value));
  wrapper.append(`${label} `, select);
  return wrapper;
}

/** Return an element with attributes and children; in the SVG namespace where `svg`. */
export function element(name, attributes = {}, children = [], svg = false) {
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
