// Rich text: sections, lists, quotes and preformatted lines.

import { el } from "./dom.js";
import { emoji } from "./emoji.js";
import { link } from "./links.js";
import { broadcast, channelMention, dated, mention } from "./mrkdwn.js";
import { groupName } from "./workspace.js";

const STYLE_TAGS = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };
const INDENT_MAX = 8;

/** The nodes of a rich text block or cell. */
export function richText(block) {
  return block.elements.map(part);
}

function part(element) {
  switch (element.type) {
    case "rich_text_section":
      return el("p", { class: "rich" }, ...spans(element));
    case "rich_text_quote":
      return el("blockquote", {}, ...spans(element));
    case "rich_text_preformatted":
      return el("pre", { tabindex: "0" }, ...spans(element));
    case "rich_text_list":
      return list(element);
    default:
      return unknown(element);
  }
}

function list(element) {
  const ordered = element.style === "ordered";
  const start = ordered && element.offset ? element.offset + 1 : null;
  const indent = Math.min(element.indent ?? 0, INDENT_MAX);
  const items = element.elements.map((item) => el("li", {}, ...spans(item)));
  return el(ordered ? "ol" : "ul", { class: `rich indent-${indent}`, start }, ...items);
}

const spans = (element) => element.elements.map(span);

function span(element) {
  const node = bare(element);
  const styles = Object.entries(element.style ?? {}).filter(([, on]) => on === true);
  return styles.reduce((inner, [name]) => {
    const tag = STYLE_TAGS[name];
    return tag ? el(tag, {}, inner) : inner;
  }, node);
}

function bare(element) {
  switch (element.type) {
    case "text":
      return lines(element.text);
    case "link":
      return link(element.url, element.text);
    case "user":
      return mention(element.user_id);
    case "usergroup":
      return el("span", { class: "mention", text: `@${groupName(element.usergroup_id)}` });
    case "channel":
      return channelMention(element.channel_id);
    case "broadcast":
      return broadcast(element.range);
    case "emoji":
      return document.createTextNode(emoji(element.name));
    case "date":
      return dated(element.timestamp, element.format, element.fallback);
    case "color":
      return el("code", { text: element.value });
    default:
      return unknown(element);
  }
}

/** Text whose line ends are line ends. */
function lines(text) {
  const fragment = document.createDocumentFragment();
  text.split("\n").forEach((line, index) => {
    if (index > 0) fragment.append(el("br"));
    fragment.append(line);
  });
  return fragment;
}

/** What this page cannot draw is said, never left out. */
export function unknown(element) {
  return el("span", { class: "not-drawn", text: `not drawn here: ${element.type ?? "no type"}` });
}
