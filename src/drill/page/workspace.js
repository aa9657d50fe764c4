// Where the reader is: as whom, in which channel and thread, and what that person sees.

import * as server from "./server.js";

const listeners = new Set();
/** The last message each person has seen in each channel. */
const lastRead = new Map();
/** How the address says that one is in the app. */
const APP = "app.";
/** Whispers that somebody dismissed. */
export const dismissed = new Set();

export const here = {
  user: null,
  channel: null,
  /** The tab of the app that one is in, in place of a channel: `home` or `messages`. */
  app: null,
  thread: null,
  /** The message of one's own that is being edited: where, and its time. */
  editing: null,
  /** Whether each message is shown as notifications and screen readers get it. */
  plain: false,
  /** What `GET /ui/state` answered for the person. */
  state: null,
  /** What `GET /stage/state` answered. */
  account: null,
};

/** Calls back after every change, once per frame. */
export function onChange(listener) {
  listeners.add(listener);
}

let waiting = false;
export function changed() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    for (const listener of listeners) listener();
  });
}

/** Goes somewhere else, and writes it into the address, so that two windows can be two people. */
export async function go(to) {
  const other = to.user && to.user !== here.user;
  const leaves = other || "app" in to || ("channel" in to && to.channel !== here.channel);
  if (leaves) Object.assign(here, { thread: null, editing: null });
  if ("channel" in to) here.app = null;
  Object.assign(here, to);
  if (other) await refresh();
  const inside = here.app ? `${APP}${here.app}` : here.channel;
  history.replaceState(null, "", `#${new URLSearchParams({ as: here.user ?? "", in: inside ?? "" })}`);
  if (here.app && (other || "app" in to)) await enter();
  changed();
}

/** Tells Slack that the app was opened, which tells the app: on each opening, as in Slack. */
export const enter = () => server.enter({ user: here.user, tab: here.app });

/** Reads the address. */
export function arrive() {
  const place = new URLSearchParams(location.hash.slice(1));
  here.user = place.get("as") || "U0ANA00001";
  const inside = place.get("in") || null;
  if (inside?.startsWith(APP)) here.app = inside === `${APP}messages` ? "messages" : "home";
  else here.channel = inside;
}

/** Looks at the workspace again; an answer for somebody one no longer is, is dropped. */
export async function refresh() {
  const user = here.user;
  const state = await server.workspace(user);
  if (user === here.user) {
    here.state = state;
    settle();
    changed();
  }
  return state;
}

/** Everybody starts with a read workspace; a channel that comes later is new. */
function settle() {
  const first = !lastRead.has(here.user);
  if (first) lastRead.set(here.user, new Map());
  const own = lastRead.get(here.user);
  if (first) for (const channel of here.state.channels) own.set(channel.id, newest(channel));
  if (here.app && !hasApp()) here.app = null;
  const seen = here.state.channels.some((channel) => channel.id === here.channel);
  if (!seen) here.channel = firstChannel()?.id ?? null;
}

function firstChannel() {
  const { channels } = here.state;
  const own = (channel) => channel.members.includes(here.user) && !channel.archived;
  return channels.find((c) => c.name === "general") ?? channels.find(own) ?? channels[0];
}

const newest = (channel) => channel.messages.at(-1)?.ts ?? "";

export function markRead(channel) {
  if (!document.hidden) lastRead.get(here.user)?.set(channel.id, newest(channel));
}

/** How many messages of others this person has not seen there. */
export function unread(channel) {
  const seen = lastRead.get(here.user)?.get(channel.id) ?? "";
  const counts = (message) => message.ts > seen && !message.subtype?.startsWith("channel_");
  return channel.messages.filter((m) => counts(m) && m.user !== here.user).length;
}

/** The channel that is shown; none in the home of the app. */
export function currentChannel() {
  if (here.app) return here.app === "messages" ? appChannel() : null;
  return here.state?.channels.find((channel) => channel.id === here.channel) ?? null;
}

/** Whether this person's workspace has the app; another company's has not. */
export const hasApp = () => person(here.user).standing !== "stranger" && Boolean(here.state.app);

/** Whether a channel is this person's conversation with the app alone. */
export const isApps = (channel) => channel.reach === "direct" && channel.members.length === 2 &&
  channel.members.includes(here.state.bot_user_id) && channel.members.includes(here.user);

export const appChannel = () => here.state?.channels.find(isApps) ?? null;

/** A person, the bot, or somebody unknown by their id. */
export function person(id) {
  if (id === here.state?.bot_user_id) return { id, name: "keyleak", real_name: "keyleak", bot: true };
  const known = here.state?.people.find((one) => one.id === id);
  return known ?? { id, name: id, real_name: id };
}

/** The handle of a group, or its id where nobody knows it. */
export const groupName = (id) => here.state?.groups.find((one) => one.id === id)?.handle ?? id;

export function channelName(id) {
  return here.state?.channels.find((channel) => channel.id === id)?.name ?? null;
}

/** What a channel is called; a direct conversation by who is in it. */
export function title(channel) {
  if (channel.reach !== "direct") return channel.name;
  const others = channel.members.filter((id) => id !== here.user);
  if (!others.length) return `${person(here.user).real_name} (you)`;
  return others.map((id) => person(id).real_name).join(", ");
}

/** The drill's time when the page last heard of it, in milliseconds. */
export const drillNow = () => Date.parse(here.state?.now ?? here.account?.now ?? 0);
