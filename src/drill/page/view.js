// On a narrow screen one thing is shown at a time.

/** Shows the channels, the messages or the account. */
export function show(view) {
  document.body.dataset.view = view;
  for (const tab of document.querySelectorAll("#tabs button")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.view === view));
  }
}
