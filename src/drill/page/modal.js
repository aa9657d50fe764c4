// The modal that a person sees: drawn once, told what is wrong, sent or closed.

import { drawBlocks } from "./blocks.js";
import { el } from "./dom.js";
import * as server from "./server.js";
import { texts } from "./text.js";
import { say as toast } from "./toast.js";
import { here } from "./workspace.js";

const MISSING = "Please complete this required field.";
const dialog = document.getElementById("modal");
/** What is drawn now: whose view, which version, its fields. */
let open = null;

dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  shut();
});

/** Draws the top of the person's stack of modals. */
export function drawModal() {
  const view = here.state.views.filter((it) => it.object.type === "modal").at(-1);
  const name = view && `${view.user} ${view.object.id} ${view.object.hash}`;
  if (!view) {
    open = null;
    if (dialog.open) dialog.close();
    return;
  }
  if (open?.name !== name) fresh(view, name);
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
  open = { name, fields, errors: "{}" };
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
  dialog.setAttribute("aria-labelledby", "modal-title");
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
  fields[0]?.made.focus.focus();
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

async function press(view, one, chosen) {
  const body = { user: here.user, view_id: view.object.id, action_id: one.action_id };
  if (one.value !== undefined) body.value = one.value;
  if (chosen !== undefined) body.chosen = chosen;
  const answer = await server.click(body);
  if (!answer.ok) toast(answer.error);
}

async function shut() {
  const answer = await server.close(here.user);
  if (!answer.ok) dialog.close();
}
