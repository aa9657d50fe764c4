// Where one types: messages for people, slash commands for the app.

import { editLast } from "./actions.js";
import { el } from "./dom.js";
import { menuButton } from "./menu.js";
import * as server from "./server.js";
import { suggest } from "./suggest.js";
import { say as toast } from "./toast.js";
import { here, isApps, title } from "./workspace.js";

/** What was typed and not sent, by who is where. */
const drafts = new Map();

/** Draws the composer of a channel, or of a thread in it. */
export function drawComposer(place, channel, thread) {
  const member = channel.members.includes(here.user);
  const state = JSON.stringify([here.user, channel.id, channel.archived, member, thread]);
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  const closed = (text) => place.replaceChildren(el("p", { class: "closed", text }));
  if (channel.archived) closed("This channel is archived; nobody can write here. Choose another one.");
  else if (!member) closed("You are not in this channel; you can read it.");
  else if (isApps(channel) && here.state.app.read_only) closed("Sending messages to this app has been turned off.");
  else place.replaceChildren(...form(channel, thread));
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
  const name = `${here.user} ${channel.id} ${thread ?? ""}`;
  const box = el("textarea", {
    id: thread ? "composer-thread" : "composer-text",
    rows: "1", placeholder: where, "aria-label": where, autocomplete: "off", spellcheck: "false",
  });
  box.value = drafts.get(name) ?? "";
  const list = el("div", { class: "hints", id: `${box.id}-hints`, hidden: true });
  const hints = suggest(box, list, {
    commands: !thread,
    channel: () => here.state.channels.find((one) => one.id === channel.id),
  });
  const send = el("button", { type: "submit", class: "primary send", text: "Send" });
  const whole = el("form", {}, thread ? null : shortcuts(), box, send);
  box.addEventListener("input", () => { drafts.set(name, box.value); fit(box); });
  box.addEventListener("keydown", (event) => {
    if (hints.takes(event)) event.preventDefault();
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      whole.requestSubmit();
    } else if (event.key === "ArrowUp" && !box.value) {
      event.preventDefault();
      editLast(thread);
    }
  });
  whole.addEventListener("submit", (event) => {
    event.preventDefault();
    hints.close();
    submit(box, channel, thread).then(() => { drafts.set(name, box.value); fit(box); });
  });
  fit(box);
  return [list, whole];
}

/** What the app offers everywhere. */
function shortcuts() {
  const items = () => here.state.app.shortcuts.filter((one) => one.type === "global").map((one) => ({
    label: one.name, note: `${one.description} · ${here.state.app.name}`, action: one.callback_id, run: () => choose(one),
  }));
  const props = { class: "plus", "aria-label": "Shortcuts", title: "Shortcuts", text: "+", "data-focus": "shortcuts" };
  return menuButton(props, "Shortcuts", items);
}

async function choose(one) {
  const answer = await server.choose({ user: here.user, callback_id: one.callback_id });
  if (!answer.ok) toast(answer.error);
}

/** Grows with what is typed, up to a third of the window. */
function fit(box) {
  box.rows = Math.min(8, box.value.split("\n").length);
}

async function submit(box, channel, thread) {
  const text = box.value.trim();
  if (!text) return;
  box.value = "";
  const answer = text.startsWith("/")
    ? await command(text, channel, thread)
    : await server.say({ user: here.user, channel: channel.id, text, thread_ts: thread });
  if (!answer.ok) {
    // What could not be sent is not lost.
    if (!box.value) box.value = text;
    toast(answer.error);
  }
}

async function command(text, channel, thread) {
  const [name, ...rest] = text.split(" ");
  if (!here.state.app.commands.some((one) => one.command === name)) {
    const known = here.state.app.commands.map((one) => one.command).join(", ");
    return { ok: false, error: `${name} is not a valid command. There is ${known}.` };
  }
  if (thread) return { ok: false, error: `${name} is not supported in threads. Type it in the channel.` };
  return server.slash({ user: here.user, channel: channel.id, command: name, text: rest.join(" ").trim() });
}
