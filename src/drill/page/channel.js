// The channel one is in, and the thread beside it.

import { drawComposer } from "./composer.js";
import { el, keep } from "./dom.js";
import { drawMessage, isSystem, spoken } from "./message.js";
import { day, ofMessage, sameDay } from "./time.js";
import { currentChannel, dismissed, drillNow, go, here, markRead, person, title } from "./workspace.js";

/** Messages of one writer within this time stand under one name. */
const TOGETHER_MS = 5 * 60_000;
/** How near the end one must be to be taken along when something comes. */
const NEAR_END_PX = 80;

let shown = null;
let announced = null;

/** Draws the channel. */
export function drawChannel() {
  const place = document.getElementById("channel");
  const channel = currentChannel();
  if (!channel) return;
  if (!place.firstElementChild) furnish(place);
  head(place.querySelector("header"), channel);
  const list = place.querySelector(".messages");
  list.setAttribute("aria-label", `Messages in ${channel.name || "a direct conversation"}`);
  const other = shown !== `${here.user} ${channel.id}`;
  const atEnd = other || list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
  keep(list, entries(channel));
  if (atEnd) list.scrollTop = list.scrollHeight;
  place.querySelector(".newer").hidden = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
  shown = `${here.user} ${channel.id}`;
  drawComposer(place.querySelector(".compose"), channel, null);
  announce(channel);
  markRead(channel);
}

/** Draws the thread, if one is open. */
export function drawThread() {
  const place = document.getElementById("thread");
  const channel = currentChannel();
  const parent = channel?.messages.find((message) => message.ts === here.thread);
  place.hidden = !parent;
  document.body.classList.toggle("with-thread", Boolean(parent));
  if (!parent) return;
  if (!place.firstElementChild) furnishThread(place);
  const messages = [parent, ...replies(channel, parent)];
  keep(place.querySelector(".messages"), messages.map((m) => entry(m, channel, { first: true })));
  drawComposer(place.querySelector(".compose"), channel, parent.ts);
}

function furnish(place) {
  const list = el("div", { class: "messages", role: "log", "aria-live": "off", tabindex: "0" });
  const down = () => { list.scrollTop = list.scrollHeight; };
  const newer = el("button", { type: "button", class: "newer", text: "↓ Newest", on: { click: down } });
  list.addEventListener("scroll", () => {
    newer.hidden = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
  });
  place.replaceChildren(el("header"), el("div", { class: "scroll" }, list, newer), el("div", { class: "compose" }));
}

function furnishThread(place) {
  const shut = () => go({ thread: null });
  const close = el("button", { type: "button", class: "quiet", "aria-label": "Close the thread", text: "✕", on: { click: shut } });
  const header = el("header", {}, el("h2", { text: "Thread" }), close);
  place.replaceChildren(header, el("div", { class: "messages", tabindex: "0" }), el("div", { class: "compose" }));
}

function head(place, channel) {
  const people = channel.members.length;
  const sign = channel.reach === "private" ? "🔒" : channel.reach === "direct" ? "✉" : "#";
  const name = el("h2", {}, el("span", { "aria-hidden": "true", text: `${sign} ` }), title(channel));
  const facts = [`${people} ${people === 1 ? "member" : "members"}`];
  if (channel.shared_externally) facts.push("shared with another company");
  if (channel.pins.length) facts.push(`${channel.pins.length} pinned`);
  const names = channel.members.map((id) => person(id).real_name).join(", ");
  const line = el("p", { class: "facts", title: names, text: facts.join(" · ") });
  const topic = channel.topic.value ? el("p", { class: "topic", text: channel.topic.value }) : null;
  const sign_ = JSON.stringify([channel.id, channel.name, facts, names, channel.topic.value]);
  keep(place, [{ key: "head", sign: sign_, make: () => el("div", {}, name, line, topic) }]);
}

function entries(channel) {
  const whispers = here.state.ephemerals
    .filter((whisper) => whisper.channel === channel.id && !dismissed.has(whisper.message.ts))
    .map((whisper) => whisper.message);
  const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;
  const top = channel.messages.filter((message) => !isReply(message));
  const all = [...top, ...whispers].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  return all.flatMap((message, index) => {
    const before = all[index - 1];
    const at = ofMessage(message.ts);
    const apart = !before || !sameDay(ofMessage(before.ts), at);
    const around = { first: apart || !together(before, message), replies: replies(channel, message) };
    const drawn = entry(message, channel, around);
    return apart ? [divider(at), drawn] : [drawn];
  });
}

function together(before, message) {
  if (isSystem(before) || before.is_ephemeral || message.is_ephemeral) return false;
  return before.user === message.user && ofMessage(message.ts) - ofMessage(before.ts) < TOGETHER_MS;
}

function divider(at) {
  const words = day(at, new Date(drillNow()));
  return { key: `day ${words}`, sign: words, make: () => el("p", { class: "day" }, el("span", { text: words })) };
}

function entry(message, channel, around) {
  const pinned = channel.pins.includes(message.ts);
  const sign = JSON.stringify([message, around, pinned, here.user, here.state.channels.length]);
  const make = () => drawMessage(message, { ...around, pinned, channel: channel.id });
  return { key: message.ts, sign, make };
}

const replies = (channel, parent) =>
  channel.messages.filter((m) => m.thread_ts === parent.ts && m.ts !== parent.ts);

/** Says the newest message to those who do not see it, by the text that Slack would notify with. */
function announce(channel) {
  const last = channel.messages.filter((message) => !isSystem(message)).at(-1);
  const name = last && `${channel.id} ${last.ts}`;
  if (!last || name === announced) return;
  if (announced !== null && last.user !== here.user) {
    document.getElementById("news").textContent = `${person(last.user).real_name}: ${spoken(last)}`;
  }
  announced = name;
}
