// Text objects and pictures, which stand in blocks, fields, labels and dialogs.

import { el } from "./dom.js";
import { emoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { fileAddress } from "./server.js";
import { here } from "./workspace.js";

/** The nodes of a text object. */
export function texts(object) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  const plain = object.emoji === false
    ? object.text
    : object.text.replace(/:([a-z0-9_+-]+):/g, (_, name) => emoji(name));
  return plain.split("\n").flatMap((line, index) => (index > 0 ? [el("br"), line] : [line]));
}

/** A picture of Slack's own; other hosts are not asked for theirs, so the words stand for it. */
export function picture(block) {
  const title = block.title ? el("figcaption", {}, ...texts(block.title)) : null;
  const id = block.slack_file?.id;
  const drawn = id
    ? el("img", { src: fileAddress(id, here.user), alt: block.alt_text })
    : el("span", { class: "not-drawn", text: `picture of another host: ${block.alt_text}` });
  return el("figure", {}, title, drawn);
}
