// The question that Slack asks before it sends a press.

import { el } from "./dom.js";
import { texts } from "./text.js";

/** Asks; true once the person says yes. */
export function confirmed(ask) {
  const dialog = document.getElementById("confirm");
  return new Promise((resolve) => {
    const style = ask.style === "danger" ? "danger" : "primary";
    const yes = el("button", { type: "submit", value: "yes", class: style, text: ask.confirm.text });
    const no = el("button", { type: "submit", value: "no", text: ask.deny.text });
    const title = el("h2", { id: "confirm-title", text: ask.title.text });
    const text = el("p", { id: "confirm-text" }, ...texts(ask.text));
    const form = el("form", { method: "dialog" }, title, text, el("div", { class: "ends" }, no, yes));
    dialog.replaceChildren(form);
    dialog.setAttribute("aria-labelledby", "confirm-title");
    dialog.setAttribute("aria-describedby", "confirm-text");
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
    no.focus();
  });
}
