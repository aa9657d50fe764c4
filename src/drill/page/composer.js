// Where one types: messages for people, slash commands for the bot.

import { el } from "./dom.js";
import * as server from "./server.js";
import { say as toast } from "./toast.js";
import { here, title } from "./workspace.js";

const COMMAND = "/keyleak";
const HINTS = [
  ["AKIA…", "opens a private channel for the key"],
  ["", "alone opens a form"],
  ["list", "lists the open cases"],
  ["status", "says where a case stands"],
  ["summary", "posts the story so far"],
  ["help", "lists all of this"],
];

/** Draws the composer of a channel, or of a thread in it. */
export function drawComposer(place, channel, thread) {
  const member = channel.members.includes(here.user);
  const state = JSON.stringify([here.user, channel.id, channel.archived, member, thread]);
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  if (channel.archived) {
    place.replaceChildren(el("p", { class: "closed", text: "This channel is archived; nobody can write here. Choose another one." }));
  } else if (!member) {
    place.replaceChildren(el("p", { class: "closed", text: "You are not in this channel; you can read it." }));
  } else {
    place.replaceChildren(...form(channel, thread));
  }
}

/** Puts text into the channel's composer, for the person to send. */
export function prefill(text) {
  const box = document.getElementById("composer-text");
  if (!box) return;
  box.value = text;
  box.dispatchEvent(new Event("input"));
  box.focus();
}

function form(channel, thread) {
  const where = thread ? "Reply in the thread" : `Message ${channel.reach === "direct" ? "" : "#"}${title(channel)}`;
  const box = el("textarea", {
    id: thread ? "composer-thread" : "composer-text",
    rows: "1", placeholder: where, "aria-label": where, autocomplete: "off", spellcheck: "false",
  });
  const send = el("button", { type: "submit", class: "primary send", text: "Send" });
  const hint = el("div", { class: "hints", hidden: true });
  const whole = el("form", {}, box, send);
  box.addEventListener("input", () => { if (!thread) hints(hint, box); fit(box); });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      whole.requestSubmit();
    }
  });
  whole.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(box, channel, thread).then(() => { hint.hidden = true; fit(box); });
  });
  return [hint, whole];
}

/** Grows with what is typed, up to a third of the window. */
function fit(box) {
  box.rows = Math.min(8, box.value.split("\n").length);
}

function hints(place, box) {
  const typed = box.value;
  const fits = typed.startsWith("/") && COMMAND.startsWith(typed.split(" ")[0]);
  place.hidden = !fits || /\S+\s+\S{4,}/.test(typed);
  if (place.hidden) return;
  const row = ([what, does]) => {
    const use = () => { box.value = `${COMMAND} ${what.replace("…", "")}`.trimEnd(); box.focus(); };
    return el("button", { type: "button", on: { click: use } },
      el("code", { text: `${COMMAND} ${what}`.trim() }), el("span", { text: does }));
  };
  place.replaceChildren(...HINTS.map(row));
}

async function submit(box, channel, thread) {
  const text = box.value.trim();
  if (!text) return;
  box.value = "";
  const answer = text.startsWith("/") && !thread
    ? await command(text, channel)
    : await server.say({ user: here.user, channel: channel.id, text, thread_ts: thread });
  if (!answer.ok) {
    // What could not be sent is not lost.
    if (!box.value) box.value = text;
    toast(answer.error);
  }
}

async function command(text, channel) {
  const [name, ...rest] = text.split(" ");
  if (name !== COMMAND) {
    return { ok: false, error: `${name} is not a command here. Type ${COMMAND} help.` };
  }
  return server.slash({ user: here.user, channel: channel.id, command: name, text: rest.join(" ").trim() });
}
