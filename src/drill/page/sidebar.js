// The sidebar: who one is, and the channels that this person has.

import { el, keep } from "./dom.js";
import { avatar } from "./message.js";
import { say as toast } from "./toast.js";
import { go, here, title, unread } from "./workspace.js";

/** The channels that each person had when the page last looked. */
const known = new Map();

/** Draws the sidebar. */
export function drawSidebar(show) {
  const place = document.getElementById("sidebar");
  const { channels } = here.state;
  const own = channels.filter((channel) => channel.reach !== "direct" && !channel.archived);
  const direct = channels.filter((channel) => channel.reach === "direct");
  const archived = channels.filter((channel) => channel.archived);
  const groups = [["Channels", own], ["Direct messages", direct], ["Archived", archived]];
  const open = (channel) => { show("messages"); return go({ channel: channel.id }); };
  keep(place, [
    people(),
    ...groups.filter(([, all]) => all.length).map(([name, all]) => group(name, all, open)),
  ]);
  newChannels(channels, open);
}

function people() {
  const rows = here.state.people.filter((one) => one.standing !== "bot");
  const parts = here.account?.parts ?? {};
  const make = () => {
    const drawn = rows.map((one) => {
      const box = el("input", { type: "radio", name: "as", value: one.id, "data-focus": `as ${one.id}` });
      box.checked = one.id === here.user;
      box.addEventListener("change", () => go({ user: one.id }));
      const words = el("span", { class: "who" }, el("strong", { text: one.real_name }),
        el("small", { text: parts[one.id] ?? "" }));
      return el("label", { class: "persona" }, box, avatar(one), words);
    });
    return el("fieldset", { class: "personas" }, el("legend", { text: "You act as" }), ...drawn);
  };
  return { key: "people", sign: JSON.stringify([rows, here.user, parts]), make };
}

function group(name, channels, open) {
  const rows = channels.map((channel) => {
    const count = channel.id === here.channel ? 0 : unread(channel);
    return { channel, count, current: channel.id === here.channel };
  });
  const sign = JSON.stringify(rows.map(({ channel, count, current }) =>
    [channel.id, title(channel), channel.reach, count, current]));
  const make = () => {
    const items = rows.map((row) => el("li", {}, link(row, open)));
    return el("section", {}, el("h2", { text: name }), el("ul", {}, ...items));
  };
  return { key: `group ${name}`, sign, make };
}

function link({ channel, count, current }, open) {
  const sign = channel.reach === "private" ? "🔒" : channel.reach === "direct" ? "✉" : "#";
  const badge = count ? el("span", { class: "count", text: String(count) }) : null;
  const spoken = count ? `${title(channel)}, ${count} new` : title(channel);
  return el("button", {
    type: "button",
    class: count ? "unread" : null,
    "aria-current": current ? "page" : null,
    "aria-label": spoken,
    "data-focus": `channel ${channel.id}`,
    on: { click: () => open(channel) },
  }, el("span", { "aria-hidden": "true", text: sign }), el("span", { class: "name", text: title(channel) }), badge);
}

/** Says that somebody was added to a channel; Slack only makes it bold, and a drill is short. */
function newChannels(channels, open) {
  const before = known.get(here.user);
  for (const channel of channels) {
    if (before && !before.has(channel.id) && channel.reach === "private") {
      toast(`You were added to the private channel ${channel.name}.`, ["Go there", () => open(channel)]);
    }
  }
  known.set(here.user, new Set(channels.map((channel) => channel.id)));
}
