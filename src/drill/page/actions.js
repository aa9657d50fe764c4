// What one can do with a message: react, reply, the app's shortcuts, edit, delete.

import { confirmed } from "./confirm.js";
import { el } from "./dom.js";
import { emoji } from "./emoji.js";
import { menuButton, openMenu } from "./menu.js";
import * as server from "./server.js";
import { say as toast } from "./toast.js";
import { changed, currentChannel, go, here, person } from "./workspace.js";

/** The emoji that are at hand; the one that the bot listens to comes first. */
const AT_HAND = ["eyes", "white_check_mark", "+1", "raised_hands", "pray", "tada", "x"];
const DELETE = {
  style: "danger",
  title: { text: "Delete message" },
  text: { type: "plain_text", text: "Do you want to delete this message? This cannot be undone.", emoji: false },
  confirm: { text: "Delete" },
  deny: { text: "Cancel" },
};

/** What is being typed into a message that is edited. */
let typed = {};

/** The row of buttons that shows when one points at a message or tabs into it. */
export function toolbar(message, around) {
  const who = person(message.user).real_name;
  const focus = (name) => ({ "data-focus": `${name} ${message.ts}` });
  const react = menuButton(
    { ...focus("react"), class: "tool", "aria-label": "Add reaction", title: "Add reaction", text: "☺" },
    "Add reaction", () => reactions(message, around), "emoji-menu");
  const reply = el("button", {
    ...focus("reply"), type: "button", class: "tool", "aria-label": "Reply in thread", title: "Reply in thread",
    text: "↩", on: { click: () => openThread(message) },
  });
  const more = menuButton(
    { ...focus("more"), class: "tool", "aria-label": "More actions", title: "More actions", text: "⋮" },
    "More actions", () => menu(message, around, () => openMenu(more, "Add reaction", reactions(message, around))));
  const all = around.inThread ? [react, more] : [react, reply, more];
  all.forEach((node, at) => node.setAttribute("tabindex", at === all.length - 1 ? "0" : "-1"));
  const bar = el("div", { class: "tools", role: "toolbar", "aria-label": `Message of ${who}` }, ...all);
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || !all.includes(event.target)) return;
    event.preventDefault();
    all[(all.indexOf(event.target) + by + all.length) % all.length].focus();
  });
  return bar;
}

/** The emoji under a message, each with how many and who; a press adds one's own or takes it away. */
export function reactionRow(message, around) {
  if (!message.reactions?.length) return null;
  const pills = message.reactions.map((one) => {
    const own = one.users.includes(here.user);
    const names = one.users.map((id) => person(id).real_name).join(", ");
    return el("button", {
      type: "button", class: "reaction", "aria-pressed": String(own),
      "aria-label": `${one.name.replaceAll("_", " ")}, ${one.count}: ${names}`,
      title: `${names} reacted with :${one.name}:`, "data-focus": `reaction ${message.ts} ${one.name}`,
      "data-emoji": one.name, on: { click: () => react(message, around, one.name, own) },
    }, el("span", { text: emoji(one.name) }), el("span", { class: "many", text: String(one.count) }));
  });
  return el("div", { class: "reactions", role: "group", "aria-label": "Reactions" }, ...pills);
}

/** Opens the thread of a message, with the cursor in its composer. */
export function openThread(message) {
  go({ thread: message.thread_ts ?? message.ts }).then(() =>
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById("composer-thread")?.focus())));
}

/** The box in which one's own message is said anew. */
export function editor(message, around) {
  const channel = here.state.channels.find((one) => one.id === around.channel);
  const box = el("textarea", { class: "edit-box", "aria-label": "Edit message", "data-focus": `edit ${message.ts}` });
  // What happens to the message meanwhile draws it anew, and must not undo what is typed.
  if (typed.name !== here.editing) typed = { name: here.editing, text: typedAgain(message.text, channel) };
  box.value = typed.text;
  box.addEventListener("input", () => { typed.text = box.value; });
  box.rows = Math.min(8, box.value.split("\n").length + 1);
  const leave = () => { here.editing = null; typed = {}; changed(); back(message); };
  const save = async () => {
    const text = box.value.trim();
    if (!text) return;
    const answer = await server.edit({ user: here.user, channel: around.channel, ts: message.ts, text });
    if (!answer.ok) return toast(answer.error);
    leave();
  };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); leave(); }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); save(); }
  });
  requestAnimationFrame(() => box.focus());
  return el("div", { class: "editor" }, box, el("div", { class: "ends" },
    el("button", { type: "button", text: "Cancel", on: { click: leave } }),
    el("button", { type: "button", class: "primary", text: "Save", on: { click: save } })));
}

/** Begins to edit one's own newest message here, as the arrow up does in Slack. */
export function editLast(thread) {
  const own = currentChannel()?.messages.filter((one) => one.user === here.user && !one.subtype &&
    (thread ? one.thread_ts === thread || one.ts === thread : !one.thread_ts || one.thread_ts === one.ts));
  if (!own?.length) return;
  here.editing = editingName(own.at(-1).ts, thread);
  changed();
}

/** A message can stand in the channel and in the thread; it is edited in one of them. */
export const editingName = (ts, inThread) => `${inThread ? "thread" : "channel"} ${ts}`;

function edit(message, around) {
  here.editing = editingName(message.ts, around.inThread);
  changed();
}

function reactions(message, around) {
  const first = here.account?.timeline_emoji;
  const names = [...new Set([first, ...AT_HAND].filter(Boolean))];
  return names.map((name) => ({
    label: `:${name}:`, sign: emoji(name), note: name === first ? "into the timeline" : null, action: name,
    run: () => react(message, around, name, false),
  }));
}

function menu(message, around, reacting) {
  const { app } = here.state;
  const own = message.user === here.user;
  const items = [
    { label: "Reply in thread", sign: "↩", run: () => openThread(message) },
    { label: "Add reaction…", sign: "☺", run: reacting },
  ];
  if (own && !around.archived) items.push({ label: "Edit message", sign: "✎", run: () => edit(message, around) });
  const shortcuts = app.shortcuts.filter((one) => one.type === "message");
  if (shortcuts.length) items.push({ line: `Shortcuts of ${app.name}` });
  items.push(...shortcuts.map((one) => ({
    label: one.name, note: one.description, action: one.callback_id, run: () => point(message, around, one),
  })));
  if (own && !around.archived) {
    items.push({ line: "Yours" }, { label: "Delete message…", sign: "✕", danger: true, run: () => remove(message, around) });
  }
  return items;
}

async function react(message, around, name, remove) {
  const body = { user: here.user, channel: around.channel, ts: message.ts, emoji: name, remove };
  const answer = await server.react(body);
  if (!answer.ok) toast(answer.error);
}

async function point(message, around, one) {
  const body = { user: here.user, channel: around.channel, ts: message.ts, callback_id: one.callback_id };
  const answer = await server.point(body);
  if (!answer.ok) toast(answer.error);
}

async function remove(message, around) {
  if (!(await confirmed(DELETE))) return;
  const answer = await server.unsay({ user: here.user, channel: around.channel, ts: message.ts });
  if (!answer.ok) return toast(answer.error);
  // Its button goes with it.
  return document.getElementById(around.inThread ? "composer-thread" : "composer-text")?.focus();
}

function back(message) {
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const places = [...document.querySelectorAll("[data-focus]")];
    places.find((node) => node.dataset.focus === `more ${message.ts}`)?.focus();
  }));
}

/** A message as its writer typed it, with names in the place of ids. */
function typedAgain(text, channel) {
  const names = here.state.channels;
  return text
    .replace(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g, (_, id) => `@${person(id).name}`)
    .replace(/<#([A-Z0-9]+)(?:\|([^>]*))?>/g, (_, id, label) =>
      `#${names.find((one) => one.id === id)?.name ?? label ?? channel?.name ?? id}`)
    .replace(/<!subteam\^[A-Z0-9]+\|([^>]*)>/g, "$1")
    .replace(/<!(here|channel|everyone)>/g, "@$1")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
