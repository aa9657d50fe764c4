// How the drill goes: what a team is measured by, and against which times.

import { el } from "./dom.js";
import * as server from "./server.js";
import { say } from "./toast.js";

const LOOK_MS = 2_000;
const REACHED = "✓ reached";
const MISSED = "✕ not reached";

let place = null;
let last = "";
let over = false;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The panel, which looks again by itself from now on. */
export function scorePanel() {
  place = el("details", { id: "score", class: "score" },
    el("summary", {}, el("span", { class: "title", text: "How it goes" }),
      el("span", { class: "now", "data-part": "now", text: "nothing measured yet" })),
    el("div", { "data-part": "marks" }));
  follow();
  return place;
}

async function follow() {
  for (;;) {
    try {
      const score = await server.score();
      // Without one the bot is dead; the page says so elsewhere, and the last score stands.
      if (score) draw(score);
    } catch {
      // The drill does not answer, which the page says too.
    }
    await pause(LOOK_MS);
  }
}

function draw(score) {
  const sign = JSON.stringify(score);
  if (sign === last) return;
  last = sign;
  const part = (name) => place.querySelector(`[data-part=${name}]`);
  const kind = score.severity ? `${score.severity}, ` : "";
  part("now").textContent = `${kind}${score.reached} of ${score.held_against} targets reached`;
  part("marks").replaceChildren(table(score), keep(score));
  if (score.is_over && !over) {
    over = true;
    place.open = true;
    say(`The case is closed. ${score.reached} of ${score.held_against} targets were reached.`,
      ["See how it went", () => place.scrollIntoView({ block: "nearest" })]);
  }
}

function table(score) {
  const row = (mark) => el("tr", { "data-mark": mark.id, "data-reached": String(mark.reached) },
    el("th", { scope: "row", text: mark.title }),
    el("td", {}, mark.words, mark.target === null ? null : el("small", { text: target(mark) }),
      mark.reached === null ? null : el("strong", { text: mark.reached ? REACHED : MISSED })));
  return el("table", {},
    el("caption", { class: "unseen", text: "What is measured, and how it came out" }),
    el("tbody", {}, ...score.marks.map(row)));
}

/** Times in words; a count stands for itself. */
function target(mark) {
  if (mark.target === 0) return " target: none";
  const minutes = mark.target / 60;
  return minutes < 60 ? ` target: ${minutes} min` : ` target: ${minutes / 60} h`;
}

function keep(score) {
  const name = `score-${score.scenario}-${score.heard_at.slice(0, 10)}.json`;
  return el("p", {}, el("a", { href: "/stage/score", download: name, text: "Keep it as JSON" }),
    " to see the next drill beside it.");
}
