// Charts as rows of meters: each category with its values, readable without seeing a colour.

import { el } from "./dom.js";

/** A chart of series over categories, or a grey word about any other kind. */
export function chart(block) {
  const { series = [], axis_config: axis = {} } = block.chart;
  const values = series.flatMap((one) => one.data.map((point) => point.value));
  const most = Math.max(1, ...values);
  const named = series.length > 1;
  const rows = (axis.categories ?? []).map((label, at) => {
    const bars = series.map((one) => bar(one, one.data[at]?.value ?? 0, { most, label, named }));
    return el("tr", {}, el("th", { scope: "row", text: label }), el("td", {}, ...bars));
  });
  const caption = el("caption", { text: `${block.title} (${axis.x_label ?? ""})` });
  const drawn = el("table", { class: "chart" }, caption, el("tbody", {}, ...rows));
  return el("div", { class: "table", role: "region", "aria-label": block.title, tabindex: "0" }, drawn);
}

function bar(one, value, { most, label, named }) {
  const words = named ? `${one.name}: ${value}` : String(value);
  const props = { min: 0, max: most, value, "aria-label": `${label}, ${words}` };
  return el("div", { class: "bar" }, el("meter", props), el("span", { text: words }));
}
