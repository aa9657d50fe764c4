// A menu that opens at a button: arrows, Home and End move in it, Escape leads back.

import { bookmark, el } from "./dom.js";

const MARGIN_PX = 8;
/** The button whose menu is open. */
let opener = null;

/**
 * Opens a menu at a button. An item is `{label, sign, note, danger, run}`, or `{line: words}` for
 * a line with a heading; `kind` is a class for its looks.
 */
export function openMenu(anchor, name, items, kind = "") {
  const back = bookmark(anchor);
  const list = el("div", { class: `menu ${kind}`.trim(), role: "menu", "aria-label": name, popover: "auto" });
  // Whatever comes next, such as a question, leads back to the button and not to an item.
  const shut = () => { list.hidePopover(); back(); };
  list.append(...items.map((item) => (item.line ? heading(item) : entry(item, shut))));
  list.addEventListener("keydown", (event) => move(event, list));
  list.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    const inside = list.contains(document.activeElement) || document.activeElement === document.body;
    if (opener === anchor) opener = null;
    anchor.setAttribute("aria-expanded", "false");
    list.remove();
    if (inside) back();
  });
  // What lies outside of an open dialog cannot be reached, and outside of a part not be found.
  (anchor.closest("dialog, main, #thread") ?? document.body).append(list);
  list.showPopover();
  opener = anchor;
  place(list, anchor);
  anchor.setAttribute("aria-expanded", "true");
  list.querySelector("button")?.focus();
}

/** A button that opens a menu; `items()` is asked at each opening. */
export function menuButton(props, name, items, kind) {
  const node = el("button", { type: "button", "aria-haspopup": "menu", "aria-expanded": "false", ...props });
  // A press on its own button closes a menu, and must not open it again.
  let closes = false;
  node.addEventListener("pointerdown", () => { closes = opener === node; });
  node.addEventListener("click", () => {
    if (!closes) openMenu(node, name, items(), kind);
    closes = false;
  });
  return node;
}

function entry(item, shut) {
  const run = () => { shut(); item.run(); };
  const sign = item.sign ? el("span", { class: "sign", "aria-hidden": "true", text: item.sign }) : null;
  const note = item.note ? el("small", { text: item.note }) : null;
  const words = el("span", { class: "words" }, el("span", { class: "label", text: item.label }), note);
  const props = { type: "button", role: "menuitem", tabindex: "-1", class: item.danger ? "warns" : null };
  return el("button", { ...props, "data-action": item.action, on: { click: run } }, sign, words);
}

/** A heading is for the eye; each item says by itself what it is. */
function heading(item) {
  return el("p", { class: "line", role: "presentation", text: item.line });
}

function move(event, list) {
  const all = [...list.querySelectorAll("button")];
  const at = all.indexOf(document.activeElement);
  const to = {
    ArrowDown: (at + 1) % all.length, ArrowRight: (at + 1) % all.length,
    ArrowUp: (at - 1 + all.length) % all.length, ArrowLeft: (at - 1 + all.length) % all.length,
    Home: 0, End: all.length - 1,
  }[event.key];
  if (event.key === "Tab") list.hidePopover();
  if (to === undefined && event.key !== "Tab") return;
  event.preventDefault();
  all[to]?.focus();
}

/** Below the button where there is room, else above; never beyond the window. */
function place(list, anchor) {
  const from = anchor.getBoundingClientRect();
  const { width, height } = list.getBoundingClientRect();
  const below = from.bottom + 4 + height + MARGIN_PX < innerHeight;
  const top = below ? from.bottom + 4 : from.top - height - 4;
  // From a button on the right the menu opens to the left.
  const left = from.left > innerWidth / 2 ? from.right - width : from.left;
  list.style.top = `${Math.max(MARGIN_PX, top)}px`;
  list.style.left = `${Math.max(MARGIN_PX, left)}px`;
}
