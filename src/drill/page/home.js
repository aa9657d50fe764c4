// The app: its head with the tabs, and the home that it publishes for this person.

import { drawBlocks } from "./blocks.js";
import { el, keep } from "./dom.js";
import { press } from "./press.js";
import { avatar } from "./message.js";
import { go, here, person } from "./workspace.js";

const TABS = { home: "Home", messages: "Messages" };

/** The name of the app, and its tabs. */
export function drawAppHead(place) {
  const { app } = here.state;
  const tabs = Object.keys(TABS).filter((name) => app[name]);
  const make = () => {
    const list = el("div", { class: "app-tabs", role: "tablist", "aria-label": app.name }, ...tabs.map(tab));
    list.addEventListener("keydown", (event) => turn(event, tabs));
    const bot = person(here.state.bot_user_id);
    return el("div", { class: "app-head" }, el("div", { class: "app-name" }, avatar(bot),
      el("h2", { text: app.name }), el("span", { class: "badge", text: "APP" })), list);
  };
  keep(place, [{ key: "app", sign: JSON.stringify([here.app, tabs, here.user]), make }]);
}

/** The home as the app published it; what is pressed in it goes to the app. */
export function drawHome(place) {
  const view = here.state.views.find((one) => one.object.type === "home");
  place.setAttribute("aria-label", `${here.state.app.name}, home of ${person(here.user).real_name}`);
  const name = view ? `${view.user} ${view.object.hash}` : `none ${here.user}`;
  const make = () => (view ? published(view) : el("p", { class: "empty", text: "Nothing is published here for you yet." }));
  keep(place, [{ key: "home", sign: `${name} ${here.state.channels.length}`, make }]);
}

function tab(name) {
  const on = here.app === name;
  return el("button", {
    type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(on), tabindex: on ? "0" : "-1",
    "aria-controls": on ? "app-panel" : null, "data-focus": `tab ${name}`, text: TABS[name],
    on: { click: () => go({ app: name }) },
  });
}

function turn(event, tabs) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const next = tabs[(tabs.indexOf(here.app) + by + tabs.length) % tabs.length];
  go({ app: next }).then(() =>
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(`tab-${next}`)?.focus())));
}

function published(view) {
  const scene = {
    values: view.object.state?.values,
    press: (one, _, chosen) => press(view, one, chosen),
  };
  return el("div", { class: "body" }, ...drawBlocks(view.object.blocks, scene));
}
