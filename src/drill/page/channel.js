// What one is in: a channel, a conversation or the app, and the thread beside it.

import { editingName } from "./actions.js";
import { drawComposer } from "./composer.js";
import { el, keep } from "./dom.js";
import { drawAppHead, drawHome } from "./home.js";
import { visit } from "./links.js";
import { menuButton } from "./menu.js";
import { drawMessage, isSystem, spoken } from "./message.js";
import { clockMinute, day, ofMessage, sameDay } from "./time.js";
import { changed, currentChannel, dismissed, drillNow, go, here, markRead, person, title } from "./workspace.js";

/** Messages of one writer within this time stand under one name. */
const TOGETHER_MS = 5 * 60_000;
/** How near the end one must be to be taken along when something comes. */
const NEAR_END_PX = 80;
/** What comes within this time is said in one sentence. */
const IN_ONE_BREATH_MS = 1_200;

let shown = null;
/** Where the listener is, and the newest message that they have been told of there. */
let announced = { place: null, ts: "" };
let telling = null;

/** Draws the channel, or the app. */
export function drawChannel() {
  const place = document.getElementById("channel");
  const channel = currentChannel();
  const kind = here.app === "home" ? "home" : channel ? "messages" : "nothing";
  if (place.dataset.kind !== kind) frame(place, kind);
  place.setAttribute("aria-label", here.app ? here.state.app.name : "Channel");
  const header = place.querySelector("header");
  if (here.app) drawAppHead(header);
  else if (channel) head(header, channel);
  if (kind === "home") drawHome(place.querySelector(".home"));
  if (kind === "messages") messages(place, channel);
  document.querySelector(".skip").hidden = !document.getElementById("composer-text");
}

/** Draws the thread, if one is open. */
export function drawThread() {
  const place = document.getElementById("thread");
  const channel = currentChannel();
  const found = here.thread ? channel?.messages.find((message) => message.ts === here.thread) : null;
  const parent = found ?? (channel && replies(channel, { ts: here.thread }).length ? stone(here.thread) : null);
  place.hidden = !parent;
  document.body.classList.toggle("with-thread", Boolean(parent));
  if (!parent) return;
  if (!place.firstElementChild) furnishThread(place);
  const list = place.querySelector(".messages");
  const all = [parent, ...replies(channel, parent)];
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
  keep(list, all.map((m) => entry(m, channel, { first: true, inThread: true })));
  if (atEnd) list.scrollTop = list.scrollHeight;
  drawComposer(place.querySelector(".compose"), channel, parent.ts);
}

function frame(place, kind) {
  place.dataset.kind = kind;
  shown = null;
  if (kind === "home") {
    const home = el("div", { class: "home", id: "app-panel", role: "tabpanel", tabindex: "0" });
    place.replaceChildren(el("header"), home);
  } else if (kind === "messages") {
    furnish(place);
  } else {
    place.replaceChildren(el("header"), el("p", { class: "empty", text: "There is nothing here yet." }));
  }
}

function messages(place, channel) {
  const list = place.querySelector(".messages");
  list.setAttribute("aria-label", `Messages in ${channel.name || title(channel)}`);
  if (here.app) list.id = "app-panel";
  else list.removeAttribute("id");
  const other = shown !== `${here.user} ${channel.id}`;
  const atEnd = other || list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
  const all = entries(channel);
  keep(list, all.length ? all : [beginning(channel)]);
  if (atEnd) list.scrollTop = list.scrollHeight;
  place.querySelector(".newer").hidden = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
  shown = `${here.user} ${channel.id}`;
  drawComposer(place.querySelector(".compose"), channel, null);
  announce(channel);
  markRead(channel);
}

function furnish(place) {
  const list = el("div", { class: "messages", role: "log", "aria-live": "off", tabindex: "0" });
  const down = () => { list.scrollTop = list.scrollHeight; };
  const newer = el("button", { type: "button", class: "newer", text: "↓ Newest", on: { click: down } });
  let atEnd = true;
  list.addEventListener("scroll", () => {
    atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
    newer.hidden = atEnd;
  });
  // A thread that opens beside it, or a window that is turned, leaves one where one was.
  new ResizeObserver(() => { if (atEnd) down(); }).observe(list);
  place.replaceChildren(el("header"), el("div", { class: "scroll" }, list, newer), el("div", { class: "compose" }));
}

function furnishThread(place) {
  const shut = () => {
    const ts = here.thread;
    go({ thread: null }).then(() => requestAnimationFrame(() => requestAnimationFrame(() => leave(ts))));
  };
  const close = el("button", { type: "button", class: "quiet", "aria-label": "Close the thread", text: "✕", on: { click: shut } });
  const header = el("header", {}, el("h2", { text: "Thread" }), close);
  place.addEventListener("keydown", (event) => { if (event.key === "Escape") shut(); });
  place.replaceChildren(header, el("div", { class: "messages", role: "log", "aria-live": "off",
    "aria-label": "Messages in the thread", tabindex: "0" }), el("div", { class: "compose" }));
}

/** Back to the message whose thread was open. */
function leave(ts) {
  const places = [...document.querySelectorAll("#channel [data-focus]")];
  const named = (name) => places.find((node) => node.dataset.focus === `${name} ${ts}`);
  (named("replies") ?? named("more") ?? document.getElementById("composer-text"))?.focus();
}

function head(place, channel) {
  const people = channel.members.length;
  const sign = channel.reach === "private" ? "🔒" : channel.reach === "direct" ? "✉" : "#";
  const name = () => el("h2", {}, el("span", { "aria-hidden": "true", text: `${sign} ` }), title(channel));
  const names = channel.members.map((id) => person(id).real_name).join(", ");
  const facts = [`${people} ${people === 1 ? "member" : "members"}`];
  if (channel.shared_externally) facts.push("shared with another company");
  const make = () => {
    const line = el("p", { class: "facts" }, el("span", { title: names, text: facts.join(" · ") }), ...pins(channel));
    const topic = channel.topic.value ? el("p", { class: "topic", text: channel.topic.value }) : null;
    return el("div", { class: "channel-head" }, el("div", { class: "named" }, name(), line, topic), plainView());
  };
  const sign_ = JSON.stringify([channel.id, title(channel), facts, names, channel.topic.value, channel.pins, here.plain]);
  keep(place, [{ key: "head", sign: sign_, make }]);
}

/** The pinned messages, to go to. */
function pins(channel) {
  if (!channel.pins.length) return [];
  const items = () => channel.pins.map((ts) => {
    const message = channel.messages.find((one) => one.ts === ts);
    const words = message ? spoken(message).split("\n")[0].slice(0, 70) : "a message that is gone";
    return { label: words, note: clockMinute(ofMessage(ts)), run: () => visit(channel.id, ts) };
  });
  const text = `📌 ${channel.pins.length} pinned`;
  return [" · ", menuButton({ class: "link", text, "data-focus": "pins" }, "Pinned messages", items)];
}

/** Shows what notifications and screen readers get in the place of blocks. */
function plainView() {
  const turn = () => { here.plain = !here.plain; changed(); };
  return el("button", {
    type: "button", class: "toggle", "aria-pressed": String(here.plain), "data-focus": "plain", text: "Screen-reader view",
    title: "Each message as notifications and screen readers get it", on: { click: turn },
  });
}

function beginning(channel) {
  const words = here.app
    ? `${here.state.app.name} writes to you here, and only to you.`
    : `This is the very beginning of ${channel.reach === "direct" ? "your conversation with " : "#"}${title(channel)}.`;
  return { key: "beginning", sign: words, make: () => el("p", { class: "empty", text: words }) };
}

function entries(channel) {
  const whispers = here.state.ephemerals
    .filter((whisper) => whisper.channel === channel.id && !dismissed.has(whisper.message.ts))
    .map((whisper) => whisper.message);
  const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;
  const top = channel.messages.filter((message) => !isReply(message));
  const there = new Set(top.map((message) => message.ts));
  const lost = channel.messages.filter((message) => isReply(message) && !there.has(message.thread_ts));
  const stones = [...new Set(lost.map((message) => message.thread_ts))].map(stone);
  const all = [...top, ...whispers, ...stones].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  return all.flatMap((message, index) => {
    const before = all[index - 1];
    const at = ofMessage(message.ts);
    const apart = !before || !sameDay(ofMessage(before.ts), at);
    const around = { first: apart || !together(before, message), replies: replies(channel, message) };
    const drawn = entry(message, channel, around);
    return apart ? [divider(at), drawn] : [drawn];
  });
}

/** What Slack leaves of a deleted message that has replies. */
const stone = (ts) => ({ ts, subtype: "tombstone", text: "This message was deleted." });

function together(before, message) {
  if (isSystem(before) || before.is_ephemeral || message.is_ephemeral) return false;
  return before.user === message.user && ofMessage(message.ts) - ofMessage(before.ts) < TOGETHER_MS;
}

function divider(at) {
  const words = day(at, new Date(drillNow()));
  return { key: `day ${words}`, sign: words, make: () => el("p", { class: "day" }, el("span", { text: words })) };
}

function entry(message, channel, around) {
  const more = {
    pinned: channel.pins.includes(message.ts), channel: channel.id, archived: channel.archived,
    member: channel.members.includes(here.user), plain: here.plain,
    editing: here.editing === editingName(message.ts, around.inThread),
  };
  const known = [here.user, here.state.channels.length, here.state.people.length];
  const sign = JSON.stringify([message, around, more, known]);
  return { key: message.ts, sign, make: () => drawMessage(message, { ...around, ...more }) };
}

const replies = (channel, parent) =>
  channel.messages.filter((m) => m.thread_ts === parent.ts && m.ts !== parent.ts);

/**
 * Says what is new to those who do not see it, by the text that Slack would notify with; what
 * comes in one breath is counted, and its last one said.
 */
function announce(channel) {
  const all = channel.messages.filter((message) => !isSystem(message));
  const place = `${here.user} ${channel.id}`;
  if (announced.place !== place) {
    announced = { place, ts: all.at(-1)?.ts ?? "" };
    return;
  }
  if (telling !== null || !fresh(all).length) return;
  telling = setTimeout(() => {
    telling = null;
    const now = currentChannel();
    if (!now || announced.place !== `${here.user} ${now.id}`) return;
    const messages_ = now.messages.filter((message) => !isSystem(message));
    const come = fresh(messages_);
    announced.ts = messages_.at(-1)?.ts ?? announced.ts;
    if (!come.length) return;
    const last = come.at(-1);
    const many = come.length > 1 ? `${come.length} new messages, the last: ` : "";
    document.getElementById("news").textContent = `${many}${person(last.user).real_name}: ${spoken(last)}`;
  }, IN_ONE_BREATH_MS);
}

const fresh = (all) => all.filter((message) => message.ts > announced.ts && message.user !== here.user);
