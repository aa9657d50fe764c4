// What a person fills in: one control for each kind of stateful element, and the block around it.

import { el } from "./dom.js";
import { unknown } from "./rich_text.js";
import * as server from "./server.js";
import { texts } from "./text.js";
import { here } from "./workspace.js";

const TYPED = {
  plain_text_input: "text",
  number_input: "number",
  url_text_input: "url",
  email_text_input: "email",
  datepicker: "date",
  timepicker: "time",
};

/** A control: its `node`, what takes the `focus`, and `read()`, null where nothing is given. */
export function control(one, block, scene) {
  const state = scene.values?.[block.block_id]?.[one.action_id];
  if (one.type in TYPED) return typed(one, state);
  if (one.type === "datetimepicker") return moment(one, state);
  if (one.type === "radio_buttons" || one.type === "checkboxes") return ticks(one, block, state);
  if (one.type === "file_input") return files(one);
  const options = choices(one);
  return options ? select(one, options, state) : null;
}

/** The block of a form: label, control, hint, and the room for what is wrong. */
export function inputBlock(block, scene) {
  const made = control(block.element, block, scene);
  if (!made) return el("div", {}, unknown(block.element));
  const id = `field-${block.block_id}`;
  const optional = block.optional ? el("span", { class: "optional", text: " (optional)" }) : null;
  const hint = block.hint ? el("p", { id: `${id}-hint`, class: "hint" }, ...texts(block.hint)) : null;
  const error = el("p", { id: `${id}-error`, class: "error", "data-error": block.block_id });
  const group = made.node.tagName === "FIELDSET";
  made.focus.setAttribute("id", id);
  made.focus.setAttribute("aria-describedby", `${id}-error${hint ? ` ${id}-hint` : ""}`);
  if (!block.optional) made.focus.setAttribute("aria-required", "true");
  if (group) made.node.prepend(el("legend", {}, ...texts(block.label), optional));
  const label = group ? null : el("label", { for: id }, ...texts(block.label), optional);
  scene.field?.(block, made);
  return el("div", { class: "input" }, label, made.node, error, hint);
}

function typed(one, state) {
  const multiline = one.type === "plain_text_input" && one.multiline;
  const given = state?.value ?? state?.selected_date ?? state?.selected_time;
  const first = one.initial_value ?? one.initial_date ?? one.initial_time;
  const props = {
    placeholder: one.placeholder?.text,
    maxlength: one.max_length,
    autocomplete: "off",
    spellcheck: "false",
    autofocus: one.focus_on_load === true,
  };
  const type = multiline ? {} : { type: TYPED[one.type] };
  const node = el(multiline ? "textarea" : "input", { ...props, ...type });
  node.value = given ?? first ?? "";
  const isTime = one.type === "datepicker" || one.type === "timepicker";
  return { node, focus: node, read: () => (isTime && !node.value ? null : node.value) };
}

/** A date with a time; the people of the drill live in UTC. */
function moment(one, state) {
  const node = el("input", { type: "datetime-local" });
  const seconds = state?.selected_date_time ?? one.initial_date_time;
  if (seconds) node.value = new Date(seconds * 1000).toISOString().slice(0, 16);
  const wrapped = el("span", { class: "moment" }, node, " UTC");
  const read = () => (node.value ? Date.parse(`${node.value}:00Z`) / 1000 : null);
  return { node: wrapped, focus: node, read };
}

/** A file; what is read is a promise, because the workspace must have it first. */
function files(one) {
  const accept = (one.filetypes ?? []).map((type) => `.${type}`).join(",");
  const node = el("input", { type: "file", accept, multiple: one.max_files !== 1 });
  const given = async (file) => {
    const content = await file.text();
    const answer = await server.give({ user: here.user, name: file.name, content });
    return answer.file;
  };
  const read = async () => (await Promise.all([...node.files].map(given))).filter(Boolean);
  return { node, focus: node, read };
}

function ticks(one, block, state) {
  const many = one.type === "checkboxes";
  const initial = many ? one.initial_options ?? [] : [one.initial_option ?? {}];
  const given = many ? state?.selected_options : state?.selected_option && [state.selected_option];
  const on = new Set((given ?? initial).map((option) => option.value));
  const name = `${block.block_id}-${one.action_id}`;
  const rows = one.options.map((option) => {
    const box = el("input", { type: many ? "checkbox" : "radio", name, value: option.value });
    box.checked = on.has(option.value);
    const words = option.description
      ? el("small", { class: "hint" }, ...texts(option.description))
      : null;
    return el("label", { class: "tick" }, box, el("span", {}, ...texts(option.text), words));
  });
  const node = el("fieldset", { class: "ticks" }, ...rows);
  const checked = () => [...node.querySelectorAll("input:checked")].map((box) => box.value);
  const read = () => (many ? checked() : checked()[0] ?? null);
  return { node, focus: node, read };
}

/** What there is to choose from, as `{value, label, group}`, or nothing for a kind not drawn. */
function choices(one) {
  const option = (group) => (option) => ({ value: option.value, label: option.text.text, group });
  if (one.type.endsWith("static_select")) {
    const grouped = (one.option_groups ?? []).flatMap((group) =>
      group.options.map(option(group.label.text)));
    return [...(one.options ?? []).map(option(null)), ...grouped];
  }
  if (one.type.endsWith("users_select")) {
    return here.state.people.map((person) => ({ value: person.id, label: person.real_name }));
  }
  if (/(conversations|channels)_select$/.test(one.type)) {
    return here.state.channels.map((channel) => ({ value: channel.id, label: `#${channel.name}` }));
  }
  return null;
}

function select(one, options, state) {
  const many = one.type.startsWith("multi_");
  const on = new Set(chosen(one, state));
  const node = el("select", { multiple: many });
  if (!many) node.append(el("option", { value: "", text: one.placeholder?.text ?? "Choose" }));
  let group = node;
  for (const option of options) {
    if (option.group && group.label !== option.group) {
      node.append((group = el("optgroup", { label: option.group })));
    }
    const drawn = el("option", { value: option.value, text: option.label });
    drawn.selected = on.has(option.value);
    (option.group ? group : node).append(drawn);
  }
  const all = () => [...node.selectedOptions].map((option) => option.value);
  return { node, focus: node, read: () => (many ? all() : node.value || null) };
}

/** What is chosen already, whatever the kind of element calls it. */
function chosen(one, state) {
  const named = ["option", "user", "conversation", "channel"];
  const found = named.flatMap((name) => [
    state?.[`selected_${name}`] ?? one[`initial_${name}`],
    ...(state?.[`selected_${name}s`] ?? one[`initial_${name}s`] ?? []),
  ]);
  return found.filter(Boolean).map((it) => it.value ?? it);
}
