// One message: who, when, what, its files, its reactions and its thread.

import { editor, reactionRow, toolbar } from "./actions.js";
import { drawBlocks } from "./blocks.js";
import { el } from "./dom.js";
import { decoded, mrkdwn } from "./mrkdwn.js";
import * as server from "./server.js";
import { clockMinute, full, ofMessage } from "./time.js";
import { say as toast } from "./toast.js";
import { channelName, dismissed, changed, go, here, person } from "./workspace.js";

const TONES = 6;
const UNITS = ["bytes", "kB", "MB"];

/** Slack's own line, such as “has joined the channel”. */
export const isSystem = (message) =>
  message.subtype?.startsWith("channel_") === true || message.subtype === "tombstone";

/** What a notification or a screen reader gets. */
export function spoken(message) {
  const named = (message.text ?? "")
    .replace(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g, (_, id) => `@${person(id).name}`)
    .replace(/<#([A-Z0-9]+)(?:\|([^>]*))?>/g, (_, id, label) => `#${channelName(id) ?? label ?? "a channel"}`)
    .replace(/<!date\^[^>|]*\|([^>]*)>/g, "$1")
    .replace(/<!(?:subteam\^)?([A-Za-z0-9]+)(?:\|([^>]*))?>/g, (_, name, label) => label ?? `@${name}`)
    .replace(/<[^>|]+\|([^>]*)>/g, "$1");
  return decoded(named);
}

/**
 * Draws a message. `around` says what stands around it: `first` of its writer's row, `replies`,
 * `pinned`, `channel`, whether that is `archived` and one is a `member`, whether it is `inThread`,
 * being `editing`, or shown `plain`.
 */
export function drawMessage(message, around) {
  if (isSystem(message)) return systemLine(message, around);
  const writer = person(message.user);
  const at = ofMessage(message.ts);
  const label = `${writer.real_name}, ${clockMinute(at)}`;
  const body = el("div", { class: "body" }, ...inner(message, around));
  const props = { class: classes(message, around), "aria-label": label, "data-ts": message.ts, tabindex: "-1" };
  const side = around.first
    ? avatar(writer)
    : el("time", { class: "gutter", title: full(at), text: clockMinute(at) });
  const head = around.first ? heading(writer, at) : null;
  const acts = !message.is_ephemeral && around.member && !around.editing;
  return el("article", props, side, el("div", { class: "column" }, ...notes(message, around), head,
    body, ...files(message), reactionRow(message, around), threadLink(message, around)),
  acts ? toolbar(message, around) : null);
}

/** A sign with somebody's initials; the name stands beside it. */
export function avatar(writer) {
  const initials = writer.real_name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2);
  const place = here.state.people.findIndex((one) => one.id === writer.id);
  const tone = writer.bot ? "bot" : `tone-${Math.max(place, 0) % TONES}`;
  return el("span", { class: `avatar ${tone}`, "aria-hidden": "true", text: writer.bot ? "kl" : initials });
}

function classes(message, around) {
  const names = ["message"];
  if (around.first) names.push("first");
  if (message.is_ephemeral) names.push("ephemeral");
  if (around.pinned) names.push("pinned");
  if (around.editing) names.push("editing");
  if (message.text?.includes(`<@${here.user}>`)) names.push("calls-me");
  return names.join(" ");
}

function systemLine(message, around) {
  const at = ofMessage(message.ts);
  const link = threadLink(message, around);
  const words = link ? [...mrkdwn(message.text), " ", link] : mrkdwn(message.text);
  return el("p", { class: "system", title: full(at), "data-ts": message.ts }, ...words);
}

function heading(writer, at) {
  const badge = writer.bot ? el("span", { class: "badge", text: "APP" }) : null;
  const away = writer.standing === "stranger" ? el("span", { class: "badge", text: "EXTERNAL" }) : null;
  const time = el("time", { datetime: at.toISOString(), title: full(at), text: clockMinute(at) });
  return el("p", { class: "head" }, el("strong", { text: writer.real_name }), badge, away, time);
}

function notes(message, around) {
  const found = [];
  if (message.is_ephemeral) {
    const gone = () => { dismissed.add(message.ts); changed(); document.getElementById("composer-text")?.focus(); };
    const close = el("button", { type: "button", class: "link", text: "Dismiss", on: { click: gone } });
    found.push(el("p", { class: "note" }, "👁 Only visible to you · ", close));
  }
  if (around.pinned) found.push(el("p", { class: "note", text: "📌 Pinned" }));
  return found;
}

function inner(message, around) {
  if (around.editing) return [editor(message, around)];
  if (around.plain) return [plain(message)];
  return content(message, around);
}

/** The message as notifications show it and as screen readers say it. */
function plain(message) {
  const words = spoken(message);
  return words
    ? el("p", { class: "plain", text: words })
    : el("p", { class: "not-drawn", text: "no text: a notification of it is empty" });
}

function content(message, around) {
  const scene = { press: (one, block, chosen) => press(message, around.channel, one, chosen) };
  const blocks = message.blocks?.length ? drawBlocks(message.blocks, scene) : [];
  const text = !blocks.length && message.text
    ? [el("div", { class: "block text" }, ...mrkdwn(message.text))]
    : [];
  const edited = message.edited ? [el("span", { class: "edited", title: full(ofMessage(message.edited.ts)), text: "(edited)" })] : [];
  const more = message.attachments?.length
    ? [el("p", { class: "not-drawn", text: "not drawn here: attachments" })]
    : [];
  return [...blocks, ...text, ...more, ...edited];
}

async function press(message, channel, one, chosen) {
  const body = { user: here.user, channel, ts: message.ts, action_id: one.action_id };
  if (one.value !== undefined) body.value = one.value;
  if (chosen !== undefined) body.chosen = chosen;
  const answer = await server.click(body);
  if (!answer.ok) toast(answer.error);
}

function files(message) {
  return (message.files ?? []).map((file) => {
    const address = server.fileAddress(file.id, here.user);
    const picture = file.mimetype?.startsWith("image/")
      ? el("img", { src: address, alt: file.alt_txt || file.title })
      : null;
    const props = { href: address, download: file.name, class: "download", text: "Download" };
    const link = el("a", { ...props, "aria-label": `Download ${file.name}` });
    const words = el("span", {}, el("strong", { text: file.title }),
      el("small", { text: `${file.name} · ${size(file.size)}` }));
    return el("div", { class: "file", "data-file": file.name }, picture, words, link);
  });
}

function size(bytes) {
  let number = bytes;
  let unit = 0;
  while (number >= 1000 && unit < UNITS.length - 1) {
    number /= 1000;
    unit += 1;
  }
  return `${unit ? number.toFixed(1) : number} ${UNITS[unit]}`;
}

function threadLink(message, around) {
  const count = around.replies?.length ?? 0;
  if (!count) return null;
  const last = clockMinute(ofMessage(around.replies.at(-1).ts));
  const words = count === 1 ? "1 reply" : `${count} replies`;
  const open = () => go({ thread: message.ts });
  return el("button", {
    type: "button", class: "link replies", "data-focus": `replies ${message.ts}`,
    text: `${words} · last at ${last}`, on: { click: open },
  });
}
