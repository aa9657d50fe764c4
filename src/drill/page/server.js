// The drill's addresses: reads what one person sees, and acts as that person.

const SILENT = "The drill does not answer. Is “keyleak drill” still running?";

async function read(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return answer.json();
}

/** Acts; gives `{ok}` or `{ok: false, error}` and never throws. */
async function act(address, body) {
  const headers = { "content-type": "application/json" };
  try {
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
    return await answer.json();
  } catch {
    return { ok: false, error: SILENT };
  }
}

export const workspace = (user) => read(`/ui/state?user=${encodeURIComponent(user)}`);
export const news = (after) => read(`/ui/events?after=${after}`);
export const account = (after) =>
  read(after === null ? "/stage/state" : `/stage/state?after=${after}`);
export const faults = () => read("/stage/faults");
export const score = () => read("/stage/score");
export const fault = (body) => act("/stage/faults", body);
export const speed = (body) => act("/stage/clock", body);
export const say = (body) => act("/ui/say", body);
export const slash = (body) => act("/ui/slash", body);
export const click = (body) => act("/ui/click", body);
export const submit = (body) => act("/ui/submit", body);
export const give = (body) => act("/ui/give", body);
export const edit = (body) => act("/ui/edit", body);
export const unsay = (body) => act("/ui/delete", body);
export const react = (body) => act("/ui/react", body);
export const point = (body) => act("/ui/point", body);
export const choose = (body) => act("/ui/choose", body);
export const enter = (body) => act("/ui/home", body);
export const meet = (body) => act("/ui/direct", body);
export const close = (user) => act("/ui/close", { user });
export const fileAddress = (id, user) =>
  `/ui/files/${encodeURIComponent(id)}?user=${encodeURIComponent(user)}`;
