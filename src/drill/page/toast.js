// Short notes at the edge: what Slack tells one person when something did not work.

import { el } from "./dom.js";
import { here } from "./workspace.js";

const SHOWN_MS = 12_000;
/** How many of Slack's notes each person has been shown. */
const seen = new Map();

/** Shows a note; `action` is a `[label, run]` that it offers. */
export function say(text, action = null) {
  const note = el("div", { class: "toast" }, el("p", { text }));
  const gone = () => note.remove();
  if (action) {
    const run = () => { action[1](); gone(); };
    note.append(el("button", { type: "button", class: "link", text: action[0], on: { click: run } }));
  }
  note.append(el("button", { type: "button", class: "quiet", "aria-label": "Dismiss", text: "✕", on: { click: gone } }));
  document.getElementById("toasts").append(note);
  setTimeout(gone, SHOWN_MS);
}

/** Shows what Slack has told this person since the page last looked. */
export function drawToasts() {
  const { toasts } = here.state;
  const from = seen.get(here.user) ?? toasts.length;
  toasts.slice(from).forEach((toast) => say(toast.text));
  seen.set(here.user, toasts.length);
}
