// A view of an answer as a chart: one column of names, one of numbers; bars or a line. The table is its alternative.
import { choice, columnsOf, element, shown, textOf } from "./answer.js";
import { t } from "./words.js";

const MOST = 60;
const WIDTH = 800;
const ALL = "*"; // all columns of names together

export class Chart {
  label = t("Chart", "Diagram");
  priority = 3;

  constructor(yasr) {
    this.yasr = yasr;
  }

  canHandleResults() {
    return columnsOf(this.yasr.results).numbers.length > 0;
  }

  getIcon() {
    return undefined;
  }

  draw() {
    const { rows, numbers, texts, labels } = columnsOf(this.yasr.results);
    this.value = numbers.includes(this.value) ? this.value : numbers[0];
    const names = [...(labels.length > 1 ? [ALL] : []), ...labels, ...texts.filter((name) => !labels.includes(name)), ...numbers];
    this.name = names.includes(this.name) ? this.name : names[0];
    this.kind ??= "bars";
    const options = (list) => list.map((name) => [name, name === ALL ? labels.join(" · ") : name]);
    const nameOf = (row) => (this.name === ALL ? labels : [this.name]).map((name) => textOf(row[name])).join(" · ");
    const again = (part) => (chosen) => {
      this[part] = chosen;
      this.yasr.resultsEl.replaceChildren();
      this.draw();
    };
    const controls = element("div", { class: "view-controls" }, [
      choice(t("Draw", "Tegn"), [["bars", t("bars", "søjler")], ["line", t("a line", "en linje")]], this.kind, again("kind")),
      choice(t("of", "af"), options(numbers), this.value, again("value")),
      choice(t("by", "efter"), options(names), this.name, again("name")),
    ]);
    const points = rows.slice(0, MOST).filter((row) => row[this.value])
      .map((row) => ({ name: nameOf(row), value: Number(row[this.value].value) }));
    this.svg = this.kind === "line" ? line(points) : bars(points);
    this.svg.setAttribute("aria-label", t(`${this.value} by ${this.name === ALL ? labels.join(", ") : this.name}; the table has the same numbers`,
      `${this.value} efter ${this.name === ALL ? labels.join(", ") : this.name}; tabellen har de samme tal`));
    this.yasr.resultsEl.append(controls, element("figure", { class: "chart" }, [this.svg]));
    if (rows.length > MOST) {
      this.yasr.resultsEl.append(element("p", {}, [t(`The first ${MOST} rows of ${rows.length}.`, `De første ${MOST} rækker af ${rows.length}.`)]));
    }
  }

  download() {
    return {
      getData: () => this.svg.outerHTML, filename: "chart.svg", contentType: "image/svg+xml",
      title: t("Download the chart", "Hent diagrammet"),
    };
  }
}

const make = (name, attributes, children) => element(name, attributes, children, true);
const frame = (height, children) => make("svg", {
  xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", class: "answer-chart",
}, children);

function bars(points) {
  const step = 26;
  const left = 300;
  const most = Math.max(0, ...points.map((point) => point.value)) || 1;
  return frame(points.length * step + 8, points.flatMap((point, position) => {
    const length = Math.max(1, (Math.max(0, point.value) / most) * (WIDTH - left - 80));
    const middle = position * step + 18;
    const name = point.name.length > 44 ? `${point.name.slice(0, 43)}…` : point.name;
    return [
      make("text", { x: left - 8, y: middle, "text-anchor": "end", class: "name" }, [name, make("title", {}, [point.name])]),
      make("rect", { x: left, y: position * step + 4, width: length, height: step - 6, rx: 3, class: "bar" }),
      make("text", { x: left + length + 6, y: middle, class: "value" }, [shown.format(point.value)]),
    ];
  }));
}

function line(points) {
  const height = 340;
  const most = Math.max(0, ...points.map((point) => point.value)) || 1;
  const x = (position) => 60 + (position * (WIDTH - 90)) / Math.max(1, points.length - 1);
  const y = (value) => height - 60 - (value / most) * (height - 90);
  const every = Math.ceil(points.length / 12);
  return frame(height, [
    ...[0, most / 2, most].flatMap((value) => [
      make("line", { x1: 60, x2: WIDTH - 30, y1: y(value), y2: y(value), class: "grid" }),
      make("text", { x: 52, y: y(value) + 5, "text-anchor": "end", class: "name" }, [shown.format(value)]),
    ]),
    make("polyline", { class: "line", points: points.map((point, position) => `${x(position)},${y(point.value)}`).join(" ") }),
    ...points.flatMap((point, position) => [
      make("circle", { cx: x(position), cy: y(point.value), r: 4, class: "bar" }, [make("title", {}, [`${point.name}: ${shown.format(point.value)}`])]),
      ...(position % every ? [] : [make("text", { x: x(position), y: height - 36, "text-anchor": "middle", class: "name" }, [point.name.slice(0, 12)])]),
    ]),
  ]);
}
