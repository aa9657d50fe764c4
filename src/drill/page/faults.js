// What can be made to go wrong, and how fast the drill's clock runs.

import { el, keep } from "./dom.js";
import * as server from "./server.js";
import { clockSecond } from "./time.js";
import { say } from "./toast.js";

const LOOK_MS = 500;
const RETRY_MS = 1_000;
/** As many deliveries as a glance takes in. */
const SHOWN = 8;
const BOT = {
  running: "The bot runs",
  dead: "The bot is dead; it is started again in a few seconds",
  deploying: "The bot is being deployed again",
};

let place = null;
let last = "";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The panel, which follows the switches by itself from now on. */
export function faultPanel() {
  place = el("details", { id: "faults", class: "faults" },
    el("summary", {}, el("span", { class: "title", text: "Make it go wrong" }),
      el("span", { class: "now", "data-part": "now" })),
    el("p", { class: "bot", "data-part": "bot", role: "status" }),
    el("ul", { class: "switches", "data-part": "switches", "aria-label": "Faults" }),
    el("h4", { id: "fault-log-title", text: "What was done, newest first" }),
    el("div", { role: "log", "aria-labelledby": "fault-log-title" },
      el("ol", { class: "lines", "data-part": "log", tabindex: "0", "aria-labelledby": "fault-log-title" })),
    el("h4", { id: "delivered-title", text: "What Slack delivered to the bot, newest first" }),
    el("ol", { class: "lines delivered", "data-part": "delivered", tabindex: "0", "aria-labelledby": "delivered-title" }));
  follow();
  return place;
}

async function follow() {
  for (;;) {
    try {
      draw(await server.faults());
      await pause(LOOK_MS);
    } catch {
      await pause(RETRY_MS);
    }
  }
}

function draw(state) {
  drawSpeeds(state);
  const { now, ...shown } = state;
  const sign = JSON.stringify(shown);
  if (sign === last) return;
  last = sign;
  const part = (name) => place.querySelector(`[data-part=${name}]`);
  const on = state.faults.filter((fault) => fault.on).map((fault) => fault.label);
  part("now").textContent = on.length ? `on: ${on.join(", ")}` : "nothing is on";
  const bot = BOT[state.bot];
  if (part("bot").textContent !== bot) part("bot").textContent = bot;
  part("bot").dataset.state = state.bot;
  keep(part("switches"), state.faults.map(fault));
  keep(part("log"), state.log.map((one, index) => line(one, index, one.text)).reverse());
  const delivered = state.delivered.slice(-SHOWN).map((one) => line(one, `${one.at} ${one.turn}`,
    `${one.who}: ${one.what}${one.turn === "again" ? " again" : ""} → ${one.answer}`, one.turn));
  keep(part("delivered"), delivered.reverse());
}

function fault(one) {
  const id = `fault-${one.name}`;
  const press = () => turn({ fault: one.name, on: one.deed || !one.on });
  const make = () => el("li", { "data-fault": one.name, "data-on": String(one.on) },
    el("button", {
      type: "button", text: one.label, "data-focus": one.name, "aria-describedby": `${id}-does`,
      "aria-pressed": one.deed ? null : String(one.on), on: { click: press },
    }),
    one.state ? el("span", { class: "standing", text: one.state }) : null,
    el("p", { id: `${id}-does` }, one.does, " ", el("em", { text: `A good bot ${one.good}` })));
  return { key: one.name, sign: JSON.stringify(one), make };
}

function line(one, key, text, kind = "") {
  const make = () => el("li", { "data-turn": kind || null },
    el("time", { text: clockSecond(new Date(one.at)) }), el("span", { text }));
  return { key: String(key), sign: text, make };
}

async function turn(body) {
  show(await server.fault(body));
}

function show(answer) {
  if (answer.ok) {
    const { ok, ...state } = answer;
    draw(state);
  } else {
    say(answer.error);
  }
}

/** The speeds beside the clock; the one that it runs at is pressed. */
function drawSpeeds({ speed, speeds }) {
  const group = document.getElementById("speeds");
  keep(group, speeds.map((one) => {
    const run = async () => show(await server.speed({ speed: one }));
    const make = () => el("button", {
      type: "button", text: `${one}×`, "data-focus": String(one), "aria-label": `Run the clock ${one} times as fast`,
      "aria-pressed": String(one === speed), on: { click: run },
    });
    return { key: String(one), sign: String(one === speed), make };
  }));
}
