// Tables, with the first row as their head.

import { el } from "./dom.js";
import { richText, unknown } from "./rich_text.js";

/** A table that scrolls by itself where it is wider than the message. */
export function table(block) {
  const [head = [], ...body] = block.rows;
  const settings = block.column_settings ?? [];
  const heads = head.map((cell, at) => filled("th", cell, settings[at], { scope: "col" }));
  const rows = body.map((row) => {
    const cells = row.map((cell, at) => filled("td", cell, settings[at], {}));
    return el("tr", {}, ...cells);
  });
  const drawn = el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
  const caption = block.caption?.text ?? block.caption;
  if (typeof caption === "string") drawn.prepend(el("caption", { text: caption }));
  const label = `Table with ${body.length} rows and ${head.length} columns`;
  return el("div", { class: "table", role: "region", "aria-label": label, tabindex: "0" }, drawn);
}

function filled(tag, cell, setting, props) {
  const classes = [`align-${setting?.align ?? "left"}`];
  if (setting?.is_wrapped) classes.push("wrapped");
  return el(tag, { ...props, class: classes.join(" ") }, ...content(cell));
}

function content(cell) {
  if (cell.type === "raw_text") return [cell.text];
  if (cell.type === "raw_number") return [cell.text ?? String(cell.value)];
  if (cell.type === "rich_text") return richText(cell);
  return [unknown(cell)];
}
