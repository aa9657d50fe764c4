// Block Kit: every kind of block the bot sends, and a plain word about any other.

import { chart } from "./chart.js";
import { el } from "./dom.js";
import { element } from "./elements.js";
import { inputBlock } from "./inputs.js";
import { richText } from "./rich_text.js";
import { table } from "./table.js";
import { picture, texts } from "./text.js";

const KINDS = {
  header: (block) => el("h3", { class: "header" }, ...texts(block.text)),
  section,
  divider: () => el("hr"),
  context: (block) => el("div", { class: "context" }, ...block.elements.map(small)),
  actions: (block, scene) =>
    el("div", { class: "actions" }, ...block.elements.map((one) => element(one, block, scene))),
  image: (block) => picture(block),
  input: inputBlock,
  rich_text: (block) => el("div", {}, ...richText(block)),
  table,
  data_table: table,
  data_visualization: chart,
  markdown: (block) => el("div", { class: "markdown", text: block.text }),
  alert: (block) =>
    el("p", { class: `alert ${block.level ?? "default"}`, role: "note" }, ...texts(block.text)),
};

/**
 * The blocks of a message or view. `scene.press(element, block, chosen)` is called for a press,
 * `scene.field(block, read)` for every input, and `scene.values` is what a view holds.
 */
export function drawBlocks(blocks, scene) {
  return blocks.map((block) => {
    const draw = KINDS[block.type];
    const node = draw ? draw(block, scene) : notDrawn(block.type);
    node.classList.add("block");
    return node;
  });
}

/** A grey box, so that nothing the bot sent is ever missing in silence. */
export function notDrawn(type) {
  return el("p", { class: "not-drawn", text: `not drawn here: a block of the type “${type}”` });
}

function section(block, scene) {
  const text = block.text ? el("div", { class: "text" }, ...texts(block.text)) : null;
  const one = (field) => el("div", {}, ...texts(field));
  const fields = block.fields ? el("div", { class: "fields" }, ...block.fields.map(one)) : null;
  const side = block.accessory
    ? el("div", { class: "accessory" }, element(block.accessory, block, scene))
    : null;
  return el("div", { class: "section" }, el("div", {}, text, fields), side);
}

function small(one) {
  if (one.type === "image") return el("span", { class: "context-image", text: one.alt_text });
  return el("span", {}, ...texts(one));
}
