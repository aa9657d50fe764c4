// What can be pressed or chosen in a block.

import { confirmed } from "./confirm.js";
import { el } from "./dom.js";
import { control } from "./inputs.js";
import { menuButton } from "./menu.js";
import { unknown } from "./rich_text.js";
import { picture, texts } from "./text.js";

/** One element of a block; a press goes to `scene.press`. */
export function element(one, block, scene) {
  switch (one.type) {
    case "button":
      return button(one, block, scene);
    case "overflow":
      return overflow(one, block, scene);
    case "image":
      return picture(one);
    default:
      return choice(one, block, scene);
  }
}

function button(one, block, scene) {
  const props = {
    type: "button",
    class: ["kit", one.style ?? ""].join(" ").trim(),
    "aria-label": one.accessibility_label,
    "data-action": one.action_id,
    "data-focus": `${block.block_id} ${one.action_id} ${one.value ?? ""}`,
  };
  const node = el("button", props, ...texts(one.text));
  node.addEventListener("click", () => pressed(node, one, block, scene));
  return node;
}

/** Asks first where the bot wants it, and cannot be pressed again before Slack has the answer. */
async function pressed(node, one, block, scene) {
  if (one.url) return outside(one, block, scene);
  if (node.getAttribute("aria-busy") === "true") return;
  if (one.confirm && !(await confirmed(one.confirm))) return;
  node.setAttribute("aria-busy", "true");
  await scene.press(one, block, undefined);
  node.removeAttribute("aria-busy");
}

/** A button with an address leads there, and the app hears of it too. */
function outside(one, block, scene) {
  window.open(one.url, "_blank", "noopener,noreferrer");
  return scene.press(one, block, undefined);
}

function overflow(one, block, scene) {
  const run = async (option) => {
    if (one.confirm && !(await confirmed(one.confirm))) return;
    await scene.press(one, block, option.value);
  };
  const items = () => one.options.map((option) => ({
    label: option.text.text, note: option.description?.text, action: one.action_id, run: () => run(option),
  }));
  const props = {
    class: "kit", "aria-label": one.accessibility_label ?? "More actions", text: "⋯",
    "data-focus": `${block.block_id} ${one.action_id}`,
  };
  return menuButton(props, "More actions", items);
}

function choice(one, block, scene) {
  const made = control(one, block, scene);
  if (!made) return unknown(one);
  const label = one.placeholder?.text ?? one.action_id ?? one.type;
  made.focus.setAttribute("aria-label", label);
  made.node.addEventListener("change", async () => {
    if (one.confirm && !(await confirmed(one.confirm))) return;
    const chosen = made.read();
    if (chosen !== null) await scene.press(one, block, chosen);
  });
  return made.node;
}
