// The account beside the workspace: what the actor holds, and every call it tries.

import { el, keep } from "./dom.js";
import { faultPanel } from "./faults.js";
import { scorePanel } from "./score.js";
import { clockSecond } from "./time.js";
import { here } from "./workspace.js";

const WORDS = { works: "works", refused: "refused", unused: "not tried yet" };
const SIGNS = { works: "✓", refused: "✕", unused: "–" };
/** As many calls as a glance takes in. */
const STRIP = 60;

/** Draws the account. */
export function drawAccount() {
  const place = document.getElementById("account");
  const account = here.account;
  if (!account) return;
  if (!place.firstElementChild) furnish(place);
  const part = (name) => place.querySelector(`[data-part=${name}]`);
  place.querySelector("[data-part=number]").textContent = `Account ${account.account}`;
  verdict(part("verdict"), account);
  strip(part("strip"), account.calls.slice(-STRIP));
  keep(part("held"), account.held.map(credential));
  keep(part("calls"), [...account.calls].reverse().map(call));
  keep(part("users"), account.users.map(user));
}

function furnish(place) {
  const part = (tag, name, props = {}) => el(tag, { "data-part": name, ...props });
  const titled = (words, ...nodes) => el("section", {}, el("h3", { text: words }), ...nodes);
  place.replaceChildren(
    el("header", {}, el("h2", { text: "The AWS account" }), part("p", "number")),
    part("p", "verdict", { class: "verdict", role: "status" }),
    part("p", "strip", { class: "strip", role: "img" }),
    faultPanel(),
    scorePanel(),
    titled("What the actor holds", part("ul", "held", { class: "held" })),
    titled("Users and keys", part("ul", "users", { class: "users" })),
    titled("The actor’s calls, newest first", part("ol", "calls", { class: "calls", tabindex: "0" })),
  );
}

/** One sentence that says whether the actor can still do anything. */
function verdict(place, { held }) {
  const count = (state) => held.filter((one) => one.state === state).length;
  const [works, refused] = [count("works"), count("refused")];
  const all = `${held.length} ${held.length === 1 ? "credential" : "credentials"}`;
  const state = works ? "works" : refused ? "refused" : "unused";
  const words = works
    ? `The actor holds ${all}: ${works} ${works === 1 ? "works" : "work"}${refused ? `, ${refused} refused` : ""}`
    : refused ? `The actor holds ${all}: none of them works` : `The actor holds ${all} and has not used it yet`;
  const said = `${SIGNS[state]} ${words}`;
  if (place.textContent !== said) place.textContent = said;
  place.dataset.state = state;
}

function strip(place, calls) {
  const refused = calls.filter((one) => !one.allowed).length;
  place.setAttribute("aria-label",
    `The last ${calls.length} calls: ${calls.length - refused} allowed, ${refused} refused`);
  keep(place, calls.map((one) => ({
    key: String(one.number), sign: "",
    make: () => el("span", { class: one.allowed ? "allowed" : "refused" }),
  })));
}

function credential(one) {
  const last = one.last
    ? `${one.last.operation} at ${clockSecond(new Date(one.last.at))}${one.last.code ? `: ${one.last.code}` : ""}`
    : "waiting in the actor’s pocket";
  const make = () => el("li", { "data-state": one.state },
    state(one.state, WORDS[one.state]),
    el("span", { class: "what" }, el("strong", { text: one.label }),
      el("code", { text: one.id }), el("small", { text: last })));
  return { key: `${one.label} ${one.id}`, sign: JSON.stringify(one), make };
}

function user(one) {
  const keys = one.keys.map((key) => el("li", {},
    state(key.active ? "on" : "off", key.active ? "active" : "inactive"),
    el("code", { text: key.id }), key.leaked ? el("em", { text: " leaked" }) : null));
  const marks = [
    one.denied ? el("span", { class: "denied", text: "denied everything" }) : null,
    one.new ? el("span", { class: "made", text: "made by the actor" }) : null,
  ];
  const make = () => el("li", {}, el("strong", { text: one.name }), ...marks,
    el("small", { text: one.policies.join(", ") || "no policy" }), el("ul", {}, ...keys));
  return { key: one.name, sign: JSON.stringify(one), make };
}

function call(one) {
  const word = one.allowed ? "allowed" : "refused";
  const make = () => el("li", { class: word },
    el("time", { text: clockSecond(new Date(one.at)) }),
    el("span", { class: "what" }, el("strong", { text: one.operation }), el("small", { text: one.credential })),
    el("span", { class: "word", text: `${one.allowed ? "✓" : "✕"} ${word}` }),
    one.code ? el("small", { class: "code", text: one.code }) : null);
  return { key: String(one.number), sign: "", make };
}

/** A state with its word; colour alone says nothing to some. */
function state(name, word) {
  return el("span", { class: `state ${name}`, text: word });
}
