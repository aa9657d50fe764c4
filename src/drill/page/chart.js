// Charts: lines over time as a drawing with its numbers beside it, all others as rows of meters.

import { el } from "./dom.js";
import { unknown } from "./rich_text.js";

const KINDS = new Set(["bar", "line", "area"]);
const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, EDGE] = [600, 180, 8];

/** A chart of series over categories, or a grey word about any other kind. */
export function chart(block) {
  const { type, series = [], axis_config: axis = {} } = block.chart;
  if (!KINDS.has(type)) return el("div", {}, unknown({ type: `chart ${type}` }));
  const values = series.flatMap((one) => one.data.map((point) => point.value));
  const most = Math.max(1, ...values);
  const rows = meters(series, axis.categories ?? [], most);
  const title = `${block.title} (${axis.x_label ?? ""})`;
  if (type === "bar") return table(block.title, title, rows);
  const words = el("details", {}, el("summary", { text: "As a table" }), table(block.title, title, rows));
  return el("figure", { class: "lines" }, el("figcaption", { text: title }),
    lines(series, most, block.title), legend(series, axis, most), words);
}

function table(name, title, rows) {
  const drawn = el("table", { class: "chart" }, el("caption", { text: title }), el("tbody", {}, ...rows));
  return el("div", { class: "table", role: "region", "aria-label": name, tabindex: "0" }, drawn);
}

/** Each category with its values, readable without seeing a colour. */
function meters(series, categories, most) {
  const named = series.length > 1;
  return categories.map((label, at) => {
    const bars = series.map((one) => bar(one, one.data[at]?.value ?? 0, { most, label, named }));
    return el("tr", {}, el("th", { scope: "row", text: label }), el("td", {}, ...bars));
  });
}

function bar(one, value, { most, label, named }) {
  const words = named ? `${one.name}: ${value}` : String(value);
  const props = { min: 0, max: most, value, "aria-label": `${label}, ${words}` };
  return el("div", { class: "bar" }, el("meter", props), el("span", { text: words }));
}

/** One line for each series; the lines differ by their dashes too. */
function lines(series, most, title) {
  const drawing = part("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}; the numbers are in the table below` });
  const base = HEIGHT - EDGE;
  drawing.append(part("path", { class: "axis", d: `M${EDGE} ${base}H${WIDTH - EDGE}` }));
  for (const [at, one] of series.entries()) {
    const step = (WIDTH - 2 * EDGE) / Math.max(1, one.data.length - 1);
    const place = (value, index) => `${EDGE + index * step} ${base - (value / most) * (base - EDGE)}`;
    const all = one.data.map((point, index) => place(point.value, index));
    drawing.append(part("path", { class: `line line-${at % 4}`, d: `M${all.join("L")}` }));
  }
  return drawing;
}

function legend(series, axis, most) {
  const categories = axis.categories ?? [];
  const ends = `${categories[0] ?? ""} – ${categories.at(-1) ?? ""} · at most ${most} ${axis.y_label ?? ""}`;
  const names = series.length > 1 ? series.map((one, at) => el("span", { class: `key key-${at % 4}`, text: one.name })) : [];
  return el("p", { class: "legend" }, el("span", { text: ends }), ...names);
}

function part(name, props) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(props)) node.setAttribute(key, value);
  return node;
}
