// The modals that a person sees, the newest on top: drawn once, told what is wrong, sent or closed.

import { drawBlocks } from "./blocks.js";
import { bookmark, el } from "./dom.js";
import { press } from "./press.js";
import * as server from "./server.js";
import { texts } from "./text.js";
import { say as toast } from "./toast.js";
import { here } from "./workspace.js";

const MISSING = "Please complete this required field.";
const dialog = document.getElementById("modal");
/** What is drawn now: whose view, which version, its fields. */
let open = null;
/** The modals below it, as they were left. */
const below = new Map();
/** The way back to where the first one was opened. */
let back = null;

dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  shut();
});

/** Draws the top of the person's stack of modals. */
export function drawModal() {
  const views = here.state.views.filter((it) => it.object.type === "modal");
  const view = views.at(-1);
  const named = (it) => `${it.user} ${it.object.id} ${it.object.hash}`;
  const name = view && named(view);
  const there = new Set(views.map(named));
  for (const known of below.keys()) if (!there.has(known)) below.delete(known);
  if (!view) {
    open = null;
    if (dialog.open) leave();
    return;
  }
  if (open && open.name !== name && there.has(open.name)) below.set(open.name, open);
  if (open?.name !== name) show(below.get(name) ?? fresh(view, name), views.length);
  const errors = JSON.stringify(view.errors ?? {});
  if (open.errors !== errors) {
    open.errors = errors;
    showErrors(view.errors ?? {});
  }
}

function fresh(view, name) {
  const fields = [];
  const scene = {
    values: view.object.state?.values,
    field: (block, made) => fields.push({ block, made }),
    press: (one, block, chosen) => press(view, one, chosen),
  };
  const { title, submit, close, blocks } = view.object;
  const send = submit ? el("button", { type: "submit", class: "primary", text: submit.text }) : null;
  const cancel = el("button", { type: "button", text: close?.text ?? "Close", on: { click: shut } });
  const form = el("form", { novalidate: true },
    el("h2", { id: "modal-title" }, ...texts(title)),
    el("div", { class: "fields-of-form" }, ...drawBlocks(blocks, scene)),
    el("div", { class: "ends" }, cancel, send));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send?.setAttribute("aria-busy", "true");
    submitted().finally(() => send?.removeAttribute("aria-busy"));
  });
  return { name, fields, form, errors: "{}" };
}

/** Puts a modal on top; one that was left below another comes back with what was typed in it. */
function show(modal, depth) {
  open = modal;
  dialog.setAttribute("aria-labelledby", "modal-title");
  dialog.dataset.depth = String(depth);
  dialog.replaceChildren(modal.form);
  if (!dialog.open) {
    back = bookmark();
    dialog.showModal();
  }
  (modal.fields[0]?.made.focus ?? dialog.querySelector("button")).focus();
}

/** The browser would give the focus back to what may have been drawn anew. */
function leave() {
  dialog.close();
  back?.();
  back = null;
}

async function submitted() {
  const values = {};
  const missing = {};
  for (const { block, made } of open.fields) {
    const given = await made.read();
    const empty = given === null || given.length === 0;
    if (empty && !block.optional) missing[block.block_id] = MISSING;
    if (given !== null) values[block.block_id] = given;
  }
  showErrors(missing);
  if (Object.keys(missing).length) return;
  open.errors = "{}";
  const answer = await server.submit({ user: here.user, values });
  if (!answer.ok) toast(answer.error);
}

/** Says what is wrong below each field, and goes to the first. */
function showErrors(errors) {
  let first = null;
  for (const { block, made } of open.fields) {
    const words = errors[block.block_id] ?? "";
    const place = [...dialog.querySelectorAll("[data-error]")]
      .find((node) => node.dataset.error === block.block_id);
    place.textContent = words;
    made.focus.toggleAttribute("aria-invalid", Boolean(words));
    if (words) first ??= made.focus;
  }
  first?.focus();
}

async function shut() {
  const answer = await server.close(here.user);
  if (!answer.ok) leave();
}
