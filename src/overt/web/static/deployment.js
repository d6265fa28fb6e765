// A deployment's page says that somebody else has changed it; nothing that is typed is lost.

import { listen } from "./events.js";

const page = document.querySelector("[data-deployment]");
const note = document.querySelector("[data-changed]");

function typed() {
  return [...document.querySelectorAll("main input, main textarea, main select")].some(
    (field) =>
      field.type !== "hidden" &&
      (field.value !== (field.defaultValue ?? "") || field.checked !== (field.defaultChecked ?? field.checked)),
  );
}

let sending = false; // what one has just done oneself is told as well
document.addEventListener("submit", () => {
  sending = true;
});

listen(page.dataset.position, {
  onEvent(kind, data) {
    if (sending || kind !== "deployment.changed" || data.deployment !== page.dataset.deployment) return;
    if (typed() || document.querySelector("[data-focus]")) note.hidden = false;
    else location.reload();
  },
});
