// The page that is there without a network: an officer goes on with the alert they were at.

import * as pending from "./pending.js";
import { run } from "./steps.js";
import { showWaiting } from "./waiting.js";

const LOOK_MS = 5_000;
const PATIENCE_MS = 5_000;
const START = "/officer";

const where = pending.standing();
const article = document.getElementById("alert");

if (where) {
  article.dataset.alert = where.alert;
  article.dataset.deployment = where.deployment;
  article.querySelector("[data-longest]").dataset.longest = where.longest;
  for (const each of article.querySelectorAll("[data-minutes]")) each.textContent = where.longest;
  article.hidden = false;
  run(article, where.base, where.account, () => showWaiting());
}

showWaiting();
addEventListener("overt:pending", () => showWaiting());
addEventListener("storage", () => showWaiting());

// Signing out, or a form that was sent, is not a page to come back to.
const back = () => location.replace(location.pathname.startsWith(START) ? location.href : START);

async function look() {
  try {
    const answer = await fetch("/manifest.webmanifest", {
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.ok) return back();
  } catch {
    // not yet
  }
}

addEventListener("online", look);
setInterval(look, LOOK_MS);
