// A press of a button in a view: a form, or the app's home.

import * as server from "./server.js";
import { say as toast } from "./toast.js";
import { here } from "./workspace.js";

/** Presses as the person one is; what the drill says against it is told. */
export async function press(view, one, chosen) {
  const body = { user: here.user, view_id: view.object.id, action_id: one.action_id };
  if (one.value !== undefined) body.value = one.value;
  if (chosen !== undefined) body.chosen = chosen;
  const answer = await server.click(body);
  if (!answer.ok) toast(answer.error);
}
