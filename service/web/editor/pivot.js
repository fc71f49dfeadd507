// A view of an answer as a pivot table: one column down, one across, and what is counted or added up where they meet.
import { choice, columnsOf, element, shown, textOf } from "./answer.js";
import { t } from "./words.js";

const AGGREGATES = {
  count: (terms) => terms.length,
  distinct: (terms) => new Set(terms.map((term) => term.value)).size,
  sum: (terms) => terms.reduce((total, term) => total + Number(term.value), 0),
  average: (terms) => terms.reduce((total, term) => total + Number(term.value), 0) / terms.length,
};
const MOST = 60; // columns

export class Pivot {
  label = t("Pivot", "Krydstabel");
  priority = 2;

  constructor(yasr) {
    this.yasr = yasr;
  }

  canHandleResults() {
    return (this.yasr.results?.getVariables() ?? []).length > 1;
  }

  getIcon() {
    return undefined;
  }

  draw() {
    const { rows, numbers, texts, labels } = columnsOf(this.yasr.results);
    const names = [...labels, ...texts.filter((name) => !labels.includes(name)), ...numbers];
    this.down = names.includes(this.down) ? this.down : names[0];
    this.across = names.includes(this.across) ? this.across : names[1];
    this.aggregate ??= numbers.length ? "sum" : "count";
    const counted = this.aggregate === "count" || this.aggregate === "distinct";
    const values = counted ? names : numbers;
    if (!values.length) this.aggregate = "count";
    this.value = values.includes(this.value) ? this.value : values[values.length - 1] ?? names[0];
    const options = (list) => list.map((name) => [name, name]);
    const again = (part) => (chosen) => {
      this[part] = chosen;
      this.yasr.resultsEl.replaceChildren();
      this.draw();
    };
    const aggregates = [["count", t("count", "antal")], ["distinct", t("different", "forskellige")]];
    if (numbers.length) aggregates.push(["sum", t("sum", "sum")], ["average", t("average", "gennemsnit")]);
    this.yasr.resultsEl.append(
      element("div", { class: "view-controls" }, [
        choice(t("Down", "Ned"), options(names), this.down, again("down")),
        choice(t("across", "hen"), options(names), this.across, again("across")),
        choice(t("show", "vis"), aggregates, this.aggregate, again("aggregate")),
        choice(t("of", "af"), options(values.length ? values : names), this.value, again("value")),
      ]),
      this.table(rows),
    );
  }

  table(rows) {
    const cells = new Map();
    const across = new Set();
    for (const row of rows) {
      if (!row[this.value]) continue;
      const [down, right] = [textOf(row[this.down]), textOf(row[this.across])];
      across.add(right);
      if (!cells.has(down)) cells.set(down, new Map());
      if (!cells.get(down).has(right)) cells.get(down).set(right, []);
      cells.get(down).get(right).push(row[this.value]);
    }
    const heads = [...across].sort().slice(0, MOST);
    this.grid = [[this.down, ...heads], ...[...cells.keys()].sort().map((down) => [
      down, ...heads.map((right) => (cells.get(down).has(right) ? AGGREGATES[this.aggregate](cells.get(down).get(right)) : "")),
    ])];
    const write = (value) => (typeof value === "number" ? shown.format(value) : value);
    const head = this.grid[0].map((name) => element("th", { scope: "col" }, [name]));
    const body = this.grid.slice(1).map(([name, ...values]) => element("tr", {}, [
      element("th", { scope: "row" }, [name]), ...values.map((value) => element("td", {}, [write(value)])),
    ]));
    return element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": this.label }, [
      element("table", { class: "pivot" }, [element("thead", {}, [element("tr", {}, head)]), element("tbody", {}, body)]),
    ]);
  }

  download() {
    const quote = (value) => `"${String(value).replaceAll('"', '""')}"`;
    return {
      getData: () => this.grid.map((row) => row.map(quote).join(",")).join("\r\n"), filename: "pivot.csv",
      contentType: "text/csv", title: t("Download the pivot table", "Hent krydstabellen"),
    };
  }
}
