// The page: follows the workspace and the account, and draws both.

import { drawAccount } from "./account.js";
import { drawChannel, drawThread } from "./channel.js";
import { prefill } from "./composer.js";
import { el } from "./dom.js";
import { introduce } from "./intro.js";
import { drawModal } from "./modal.js";
import * as server from "./server.js";
import { drawSidebar } from "./sidebar.js";
import { full } from "./time.js";
import { drawToasts } from "./toast.js";
import { show } from "./view.js";
import { arrive, changed, enter, go, here, onChange, refresh } from "./workspace.js";

/** The most often that the page looks again, while much is going on. */
const BREATH_MS = 100;
const RETRY_MS = 1_000;
const TICK_MS = 200;
const SILENT = "The drill does not answer. Start it again with “keyleak drill”; this page goes on by itself.";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** When the account was heard of, by the page's own clock. */
let heard = 0;

function draw() {
  if (here.state) {
    drawSidebar();
    drawChannel();
    drawThread();
    drawModal();
    drawToasts();
  }
  drawAccount();
}

function connected(yes) {
  const place = document.getElementById("trouble");
  place.hidden = yes;
  place.textContent = yes ? "" : SILENT;
}

async function followWorkspace() {
  for (;;) {
    try {
      const state = await refresh();
      connected(true);
      await pause(BREATH_MS);
      await server.news(state.version);
    } catch {
      connected(false);
      await pause(RETRY_MS);
    }
  }
}

async function followAccount() {
  let version = null;
  for (;;) {
    try {
      const account = await server.account(version);
      if (here.account === null) leakedKey(account.leaked_key);
      here.account = account;
      heard = performance.now();
      version = account.version;
      changed();
      await pause(BREATH_MS);
    } catch {
      version = null;
      await pause(RETRY_MS);
    }
  }
}

function tick() {
  if (!here.account) return;
  const { now, speed } = here.account;
  const at = new Date(Date.parse(now) + (performance.now() - heard) * speed);
  const words = speed === 1 ? "" : ` · ${speed}× faster`;
  document.getElementById("clock").textContent = `${full(at)}${words}`;
}

function leakedKey(id) {
  const use = () => {
    show("messages");
    const put = () => prefill(`/keyleak ${id}`);
    if (!here.app) return go({ thread: null }).then(put);
    // Nobody can write to the app, so it goes into the channel that one comes from.
    return go({ channel: here.channel, thread: null }).then(() => requestAnimationFrame(() => requestAnimationFrame(put)));
  };
  const button = el("button", { type: "button", text: "Put it into the composer", on: { click: use } });
  document.getElementById("leaked").replaceChildren("Leaked key ", el("code", { text: id }), " ", button);
}

for (const tab of document.querySelectorAll("#tabs button")) {
  tab.addEventListener("click", () => show(tab.dataset.view));
}
show("messages");
arrive();
if (here.app) enter();
introduce();
onChange(draw);
setInterval(tick, TICK_MS);
followWorkspace();
followAccount();
