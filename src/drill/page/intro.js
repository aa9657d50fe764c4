// What a first visit is told, in three sentences.

import { el } from "./dom.js";

const SEEN = "keyleak.intro.seen";
const SENTENCES = [
  "An AWS access key has leaked, and on the right you see an actor using it and everything they make of it, live.",
  "You are Ana: press “Put it into the composer” and send the command; the bot opens a private channel with a card and a plan for this key.",
  "Become Bob to approve the plan (Ana asked for it, so hers does not count), watch the calls on the right be refused, then ask the trail what happened, undo, and close the case for its report.",
];

/** Shows it on a first visit, and whenever it is asked for. */
export function introduce() {
  const place = document.getElementById("intro");
  const shut = () => {
    place.hidden = true;
    remember();
    document.getElementById("composer-text")?.focus();
  };
  const start = el("button", { type: "button", class: "primary", text: "Start", on: { click: shut } });
  place.replaceChildren(el("h2", { text: "A key has leaked. This is a drill." }),
    el("ol", {}, ...SENTENCES.map((text) => el("li", { text }))), start);
  place.hidden = seen();
  document.getElementById("about").addEventListener("click", () => {
    place.hidden = !place.hidden;
    if (!place.hidden) start.focus();
  });
}

/** A browser that keeps nothing shows it again, which harms nobody. */
function seen() {
  try {
    return localStorage.getItem(SEEN) === "yes";
  } catch {
    return false;
  }
}

function remember() {
  try {
    localStorage.setItem(SEEN, "yes");
  } catch {
    // Not kept: it is shown again.
  }
}
