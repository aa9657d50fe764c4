// The document: elements made from data, and lists that keep what has not changed.

/** An element; `text` is never read as markup, `on` holds listeners, false and null are left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "on") listen(node, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function listen(node, listeners) {
  for (const [event, listener] of Object.entries(listeners)) node.addEventListener(event, listener);
}

/** A link that leaves the page; anything but the web and mail stays text. */
export function outward(address, label) {
  const safe = /^(https?:|mailto:)/i.test(address);
  if (!safe) return el("span", { text: label ?? address });
  const props = { href: address, target: "_blank", rel: "noopener noreferrer", title: address };
  return el("a", { ...props, text: label ?? address });
}

const drawn = new WeakMap();

/**
 * Makes the children of `parent` those of `entries`: `{key, sign, make}`. A child whose key and
 * sign are as before stays as it is, with its focus and its scroll position.
 */
export function keep(parent, entries) {
  const before = new Map();
  for (const child of parent.children) {
    const known = drawn.get(child);
    if (known) before.set(known.key, child);
  }
  const wanted = entries.map((entry) => {
    const old = before.get(entry.key);
    if (old && drawn.get(old).sign === entry.sign) return old;
    const made = entry.make();
    drawn.set(made, { key: entry.key, sign: entry.sign });
    if (old) replaceWithFocus(old, made);
    return made;
  });
  const staying = new Set(wanted);
  for (const child of [...parent.children]) if (!staying.has(child)) child.remove();
  wanted.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

/** Puts a new drawing in place of the old one; what had the focus has it again. */
function replaceWithFocus(old, made) {
  const active = document.activeElement;
  const inside = active && old.contains(active);
  const name = inside ? active.getAttribute("data-focus") : null;
  old.replaceWith(made);
  if (!inside) return;
  const again = [...made.querySelectorAll("[data-focus]")];
  const same = again.find((node) => node.getAttribute("data-focus") === name);
  if (same) same.focus({ preventScroll: true });
  else land(made);
}

/** Where nothing of that name is any more, whoever was there stays at the place at least. */
function land(node) {
  if (!node.matches("article")) return;
  node.setAttribute("tabindex", "-1");
  node.focus({ preventScroll: true });
}

/** The way back to what has the focus now, or to `node`, even when it has been drawn anew. */
export function bookmark(node = document.activeElement) {
  const name = node?.getAttribute?.("data-focus");
  const ts = node?.closest?.("[data-ts]")?.getAttribute("data-ts");
  const around = node?.closest?.("[id]:not(dialog)")?.id;
  return () => {
    if (node?.isConnected && node !== document.body) return node.focus({ preventScroll: true });
    const inside = document.getElementById(around) ?? document;
    const named = [...inside.querySelectorAll("[data-focus]")];
    const again = named.find((one) => name && one.getAttribute("data-focus") === name);
    const article = ts && inside.querySelector(`article[data-ts="${CSS.escape(ts)}"]`);
    if (again) again.focus({ preventScroll: true });
    else if (article) land(article);
    else document.getElementById("composer-text")?.focus({ preventScroll: true });
    return undefined;
  };
}
