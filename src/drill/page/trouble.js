// Trouble on purpose: what the bot does when something goes wrong.

import { el, keep } from "./dom.js";
import * as server from "./server.js";
import { say as toast } from "./toast.js";
import { here } from "./workspace.js";

/** Draws the buttons; those that last say whether they are on. */
export function drawTrouble(place) {
  const troubles = here.account?.troubles ?? [];
  if (!place.firstElementChild) {
    const why = el("p", { text: "Break something, and see that no decision is lost." });
    const summary = el("summary", { text: "Make trouble" });
    place.append(el("details", { class: "trouble-box" }, summary, why, el("ul"), el("p", { class: "met" })));
  }
  const refused = here.account?.slack_refused ?? 0;
  place.querySelector(".met").textContent = refused ? `Slack has refused ${refused} calls so far.` : "";
  keep(place.querySelector("ul"), troubles.map(entry));
}

function entry(trouble) {
  const lasts = trouble.on !== null;
  const make = () => {
    const button = el("button", {
      type: "button",
      title: trouble.expect,
      "aria-pressed": lasts ? String(trouble.on) : null,
      "data-trouble": trouble.name,
      "data-focus": `trouble ${trouble.name}`,
      text: trouble.on ? `${trouble.label}: on` : trouble.label,
    });
    button.addEventListener("click", () => cause(button, trouble));
    return el("li", {}, button);
  };
  return { key: trouble.name, sign: JSON.stringify(trouble), make };
}

async function cause(button, trouble) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const answer = await server.trouble(trouble.name);
  button.removeAttribute("aria-busy");
  if (!answer.ok) toast(answer.error);
  else toast(trouble.on ? `${trouble.label}: no longer.` : trouble.expect);
}
