// What can be typed next: the app's commands after a slash, people after an @, channels after a #.

import { el } from "./dom.js";
import { here } from "./workspace.js";

const ROWS_MAX = 8;
const MASS = { here: "rings everybody who is there", channel: "rings everybody in this channel" };

/**
 * Attaches the list to a box. Answers `{takes(event), close()}`: whether a key was the list's.
 * `commands` says whether slash commands can be typed there, `channel()` gives the channel.
 */
export function suggest(box, place, { commands, channel }) {
  let rows = [];
  let at = -1;
  place.setAttribute("role", "listbox");
  place.setAttribute("aria-label", "Suggestions");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", place.id);

  const draw = () => {
    place.hidden = rows.length === 0;
    place.replaceChildren(...rows.map((row, index) => option(row, `${place.id}-${index}`, index === at, () => use(row))));
    if (at >= 0) box.setAttribute("aria-activedescendant", `${place.id}-${at}`);
    else box.removeAttribute("aria-activedescendant");
  };
  const close = () => { rows = []; at = -1; draw(); };
  const use = (row) => {
    const end = box.selectionEnd;
    box.setRangeText(row.text, row.from, Math.max(end, row.from), "end");
    box.focus();
    box.dispatchEvent(new Event("input"));
  };
  const look = () => {
    const found = wanted(box, commands, channel());
    rows = found.rows.slice(0, ROWS_MAX);
    at = rows.length && found.first ? 0 : -1;
    draw();
  };
  box.addEventListener("input", look);
  box.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== box) close(); }, 150));
  const takes = (event) => {
    if (!rows.length) return false;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) at = at < 0 ? (by > 0 ? 0 : rows.length - 1) : (at + by + rows.length) % rows.length;
    else if (event.key === "Escape") { event.stopPropagation(); close(); return true; }
    else if ((event.key === "Enter" || event.key === "Tab") && at >= 0 && !event.shiftKey) use(rows[at]);
    else return false;
    if (by) draw();
    return true;
  };
  return { takes, close };
}

function option(row, id, on, use) {
  const node = el("div", { role: "option", id, "aria-selected": String(on), class: "option" },
    el("strong", { text: row.label }), el("span", { text: row.note ?? "" }));
  // The box keeps the focus: it is left before a click would come.
  node.addEventListener("pointerdown", (event) => { event.preventDefault(); use(); });
  return node;
}

function wanted(box, commands, channel) {
  const text = box.value;
  const caret = box.selectionStart ?? text.length;
  if (commands && text.startsWith("/")) return slash(text);
  const [, before, sign, begun] = /^(|[\s\S]*[\s(])([@#])([\p{L}\p{N}._-]*)$/u.exec(text.slice(0, caret)) ?? [];
  if (!sign) return { rows: [], first: false };
  const from = before.length;
  const named = sign === "@" ? people(begun.toLowerCase(), channel) : channels(begun.toLowerCase());
  const rows = named.map((one) => ({ ...one, from, text: `${sign}${one.name} `, label: `${sign}${one.name}` }));
  // Who has typed a name to its end can send it.
  return { rows, first: !named.some((one) => one.name === begun.toLowerCase()) };
}

/** The commands that begin like this; behind a whole one, what its usage hint names. */
function slash(text) {
  const [name, rest] = /^(\S+)(?:\s+([\s\S]*))?$/.exec(text)?.slice(1) ?? [text, undefined];
  const fits = here.state.app.commands.filter((one) => one.command.startsWith(name));
  const whole = fits.find((one) => one.command === name);
  const heads = rest === undefined
    ? fits.map((one) => ({ from: 0, text: `${one.command} `, label: one.command, note: one.description }))
    : [];
  const uses = whole ? hinted(whole).filter((one) => one.text.startsWith(`${name} ${rest ?? ""}`)) : [];
  const done = uses.some((one) => one.text.trimEnd() === text.trimEnd());
  return { rows: done && rest ? [] : [...heads, ...uses], first: !whole };
}

function hinted(command) {
  return (command.usage_hint ?? "").split(" | ").filter(Boolean).map((hint) => {
    const [word, ...more] = hint.split(" ");
    const typed = word.endsWith("…") ? word.slice(0, -1) : `${word}${more.length ? " " : ""}`;
    return { from: 0, text: `${command.command} ${typed}`, label: `${command.command} ${word}`, note: more.join(" ") };
  });
}

function people(begun, channel) {
  const fits = (one) => one.name.startsWith(begun) || one.real_name.toLowerCase().split(" ").some((word) => word.startsWith(begun));
  const { state } = here;
  const known = state.people.filter((one) => !one.deleted && fits(one));
  const inside = (one) => (channel?.members.includes(one.id) ? 0 : 1);
  const sorted = [...known].sort((a, b) => inside(a) - inside(b));
  const rows = sorted.map((one) => ({ name: one.name, note: `${one.real_name}${inside(one) ? " · not in this channel" : ""}` }));
  if (state.app.name.startsWith(begun)) rows.push({ name: state.app.name, note: "app" });
  rows.push(...state.groups.filter((one) => one.enabled && one.handle.startsWith(begun))
    .map((one) => ({ name: one.handle, note: `group of ${one.users.length}` })));
  const mass = Object.entries(MASS).filter(([name]) => begun && name.startsWith(begun));
  return [...rows, ...mass.map(([name, note]) => ({ name, note }))];
}

function channels(begun) {
  const seen = here.state.channels.filter((one) => one.reach !== "direct" && one.name.startsWith(begun));
  return seen.map((one) => ({ name: one.name, note: one.reach === "private" ? "private" : "" }));
}
