// Links: those into the workspace lead there on this page, all others leave it.

import { el, outward } from "./dom.js";
import { say as toast } from "./toast.js";
import { show } from "./view.js";
import { appChannel, go, here } from "./workspace.js";

/** How long a message that was gone to stands out. */
const STANDS_OUT_MS = 2_500;

/** A link; one to a message, as Slack writes it, goes to that message. */
export function link(address, label) {
  const place = permalink(address);
  if (!place) return outward(address, label);
  const to = new URLSearchParams({ as: here.user, in: place.channel });
  const node = el("a", { href: `#${to}`, text: label ?? address, "data-focus": `link ${address}` });
  node.addEventListener("click", (event) => {
    event.preventDefault();
    visit(place.channel, place.ts);
  });
  return node;
}

/** Goes to a channel, and to a message in it where one is named. */
export async function visit(id, ts = null) {
  const channel = here.state.channels.find((one) => one.id === id);
  if (!channel) {
    toast("You are not in that channel, so Slack does not show it to you.");
    return;
  }
  const message = channel.messages.find((one) => one.ts === ts);
  const thread = message?.thread_ts && message.thread_ts !== ts ? message.thread_ts : null;
  show("messages");
  await go(channel === appChannel() ? { app: "messages", thread } : { channel: id, thread });
  if (ts) requestAnimationFrame(() => requestAnimationFrame(() => standOut(ts, thread)));
}

function standOut(ts, thread) {
  const around = document.getElementById(thread ? "thread" : "channel");
  const node = around.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  if (!node) return;
  node.scrollIntoView({ block: "center" });
  node.classList.add("gone-to");
  node.focus({ preventScroll: true });
  setTimeout(() => node.classList.remove("gone-to"), STANDS_OUT_MS);
}

function permalink(address) {
  const [, domain, channel, seconds, micros] =
    /^https:\/\/([a-z0-9-]+)\.slack\.com\/archives\/([A-Z0-9]+)\/p(\d+)(\d{6})$/.exec(address) ?? [];
  return domain && domain === here.state?.team.domain ? { channel, ts: `${seconds}.${micros}` } : null;
}
