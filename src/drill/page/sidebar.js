// The sidebar: who one is, and the channels, conversations and apps that this person has.

import { el, keep } from "./dom.js";
import { menuButton } from "./menu.js";
import { avatar } from "./message.js";
import * as server from "./server.js";
import { say as toast } from "./toast.js";
import { show } from "./view.js";
import { appChannel, go, hasApp, here, isApps, person, title, unread } from "./workspace.js";

/** The channels that each person had when the page last looked. */
const known = new Map();

/** Draws the sidebar. */
export function drawSidebar() {
  const place = document.getElementById("sidebar");
  const { channels } = here.state;
  const own = channels.filter((channel) => channel.reach !== "direct" && !channel.archived);
  const direct = channels.filter((channel) => channel.reach === "direct" && !isApps(channel));
  const archived = channels.filter((channel) => channel.archived);
  const open = (channel) => { show("messages"); return go({ channel: channel.id }); };
  const ours = person(here.user).standing !== "stranger";
  keep(place, [
    people(),
    group("Channels", own, open),
    ...(ours || direct.length ? [group("Direct messages", direct, open, ours ? newDirect : null)] : []),
    ...(hasApp() ? [apps()] : []),
    ...(archived.length ? [group("Archived", archived, open)] : []),
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

function group(name, channels, open, more = null) {
  const rows = channels.map((channel) => {
    const current = !here.app && channel.id === here.channel;
    return { channel, count: current ? 0 : unread(channel), current };
  });
  const sign = JSON.stringify(rows.map(({ channel, count, current }) =>
    [channel.id, title(channel), channel.reach, count, current, here.user]));
  const make = () => {
    const items = rows.map((row) => el("li", {}, link(row, open)));
    const heading = el("div", { class: "group-head" }, el("h2", { text: name }), more?.());
    return el("section", {}, heading, el("ul", {}, ...items));
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

/** The app, with how many of its messages to oneself are new. */
function apps() {
  const channel = appChannel();
  const current = here.app !== null;
  const count = channel && here.app !== "messages" ? unread(channel) : 0;
  const { name } = here.state.app;
  const spoken = count ? `${name}, app, ${count} new` : `${name}, app`;
  const open = () => {
    show("messages");
    // Slack opens the tab in which there is something new.
    return go({ app: count || !here.state.app.home ? "messages" : "home" });
  };
  const make = () => el("section", {}, el("div", { class: "group-head" }, el("h2", { text: "Apps" })),
    el("ul", {}, el("li", {}, el("button", {
      type: "button", class: count ? "unread app" : "app", "aria-current": current ? "page" : null,
      "aria-label": spoken, "data-focus": "app", on: { click: open },
    }, avatar(person(here.state.bot_user_id)), el("span", { class: "name", text: name }),
    count ? el("span", { class: "count", text: String(count) }) : null))));
  return { key: "apps", sign: JSON.stringify([name, current, count, here.user]), make };
}

/** Begins a conversation with somebody of the workspace. */
function newDirect() {
  const others = () => here.state.people.filter((one) => one.id !== here.user && one.standing !== "stranger" && !one.deleted);
  const meet = async (one) => {
    const answer = await server.meet({ user: here.user, with: one.id });
    if (!answer.ok) return toast(answer.error);
    show("messages");
    return go({ channel: answer.channel });
  };
  const items = () => others().map((one) => ({ label: one.real_name, note: `@${one.name}`, run: () => meet(one) }));
  return menuButton({ class: "quiet plus", "aria-label": "New message", title: "New message", text: "+", "data-focus": "new direct" },
    "New message to", items);
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
