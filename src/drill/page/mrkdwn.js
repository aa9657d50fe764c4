// Slack's own markup in text: what Slack would make live is live here, and nothing else.

import { el } from "./dom.js";
import { emoji } from "./emoji.js";
import { link, visit } from "./links.js";
import { formatted, full } from "./time.js";
import { channelName, drillNow, here, person } from "./workspace.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;

/** The nodes of a text in Slack's markup. */
export function mrkdwn(text) {
  const parts = text.split(/```/);
  return parts.flatMap((part, index) => {
    if (index % 2 === 0) return lines(part);
    return [el("pre", { text: decoded(part.replace(/^\n/, "")) })];
  });
}

/** The three entities that Slack decodes. */
export function decoded(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** A person's name with an @, to be seen as one. */
export function mention(id) {
  const mine = id === here.user ? "mention mine" : "mention";
  return el("span", { class: mine, title: person(id).real_name, text: `@${person(id).name}` });
}

/** A channel by its id; one that the reader is not in has no name for them. */
export function channelMention(id, label) {
  const name = channelName(id);
  if (name) {
    return el("button", { type: "button", class: "mention", text: `#${name}`, on: { click: () => visit(id) } });
  }
  return el("span", { class: "mention", text: label ? `#${label}` : "🔒 a private channel" });
}

/** A call to everybody, in red: nothing of the bot may ever hold one. */
export function broadcast(range) {
  return el("strong", { class: "mass-mention", text: `@${range} (rings everybody)` });
}

export function dated(seconds, format, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return el("span", { text: fallback ?? "" });
  const words = formatted(format, date, new Date(drillNow()));
  return el("time", { datetime: date.toISOString(), title: full(date), text: words });
}

function lines(text) {
  const nodes = [];
  let quote = null;
  text.split("\n").forEach((line, index) => {
    const quoted = /^(?:&gt;|>)\s?/.exec(line);
    if (quoted) {
      if (!quote) nodes.push((quote = el("blockquote")));
      else quote.append(el("br"));
      quote.append(...inline(line.slice(quoted[0].length)));
      return;
    }
    if (index > 0 && !quote) nodes.push(el("br"));
    quote = null;
    nodes.push(...inline(line));
  });
  return nodes;
}

function inline(text) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(decoded(plain)));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const found = token(text, at);
    if (found) {
      flush();
      nodes.push(found.node);
      at += found.length;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return nodes;
}

function token(text, at) {
  const rest = text.slice(at);
  const code = /^`([^`\n]+)`/.exec(rest);
  if (code) return { node: el("code", { text: decoded(code[1]) }), length: code[0].length };
  const angle = /^<([^<>\n]+)>/.exec(rest);
  if (angle) return { node: live(angle[1]), length: angle[0].length };
  const sign = /^:([a-z0-9_+-]+):/.exec(rest);
  if (sign) return { node: document.createTextNode(emoji(sign[1])), length: sign[0].length };
  const address = /^https?:\/\/[^\s<>|]+/.exec(rest);
  if (address) return { node: link(decoded(address[0])), length: address[0].length };
  return styled(text, at);
}

/** `*bold*` and its like, only where Slack takes the signs for a style. */
function styled(text, at) {
  const sign = text[at];
  const tag = STYLES[sign];
  if (!tag || WORD.test(text[at - 1] ?? " ") || /\s/.test(text[at + 1] ?? " ")) return null;
  for (let end = text.indexOf(sign, at + 2); end > 0; end = text.indexOf(sign, end + 1)) {
    if (/\s/.test(text[end - 1]) || WORD.test(text[end + 1] ?? " ")) continue;
    const node = el(tag, {}, ...inline(text.slice(at + 1, end)));
    return { node, length: end + 1 - at };
  }
  return null;
}

/** What stands between `<` and `>`. */
function live(inner) {
  const [what, label] = split(inner, "|");
  if (what.startsWith("@")) return mention(what.slice(1));
  if (what.startsWith("#")) return channelMention(what.slice(1), label);
  const date = /^!date\^(\d+)\^([^^]+)(?:\^(.+))?$/.exec(what);
  if (date) return dated(date[1], date[2], label);
  if (what.startsWith("!subteam^")) return el("span", { class: "mention", text: label ?? what });
  if (what.startsWith("!")) return broadcast(what.slice(1));
  if (!/^(https?:|mailto:)/i.test(what)) return document.createTextNode(decoded(`<${inner}>`));
  return link(decoded(what), label && decoded(label));
}

function split(text, sign) {
  const at = text.indexOf(sign);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
