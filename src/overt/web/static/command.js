// The commander's page: its parts as they are now, every second and at every event; and the press
// that stops, which asks nothing.

import { listen } from "./events.js";
import { tick } from "./page.js";

const EVERY_MS = 1000;
const HURRY_MS = 200; // after the press, until the page says that it stops
const REST = 3; // times as long as an answer takes, so that a slow service is not asked faster
const PATIENCE_MS = 5000;
const PRESSED_MS = 10_000; // longer for the press, which is then made as a plain form makes it
const UNHEARD = 5; // tries that failed before the page says that what it shows is old

const page = document.querySelector("[data-command]");
const unheard = document.querySelector("[data-unheard]");
const shown = new Map();
let waiting = 0;
let asking = false;
let again = false;
let failed = 0;
let pressed = false;

function take(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    const now = fresh.querySelector(`[data-part="${name}"]`);
    if (!now || shown.get(name) === now.innerHTML) continue;
    shown.set(name, now.innerHTML);
    const held = part.contains(document.activeElement);
    part.replaceChildren(...document.importNode(now, true).childNodes);
    tick(part);
    if (name !== "stopping") continue;
    pressed = false;
    if (held) part.querySelector("[tabindex]")?.focus();
  }
}

async function look() {
  clearTimeout(waiting);
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  again = false;
  const began = performance.now();
  try {
    const answer = await fetch(page.dataset.command, {
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.status === 401 || answer.status === 403) location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    failed = 0;
  } catch {
    failed += 1;
  }
  unheard.hidden = failed < UNHEARD;
  unheard.textContent = unheard.hidden ? "" : "The service does not answer. What is shown is old.";
  asking = false;
  const rest = pressed ? HURRY_MS : Math.max(EVERY_MS, REST * (performance.now() - began));
  waiting = setTimeout(look, again ? 0 : rest);
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-stop]");
  if (!form) return;
  event.preventDefault();
  pressed = true;
  const button = form.querySelector("button");
  button.textContent = "Stopping…";
  const fields = new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: fields,
      redirect: "manual",
      signal: AbortSignal.timeout(PRESSED_MS),
    });
    if (answer.type !== "opaqueredirect" && !answer.ok) throw new Error(String(answer.status));
    look();
  } catch {
    form.submit(); // as a plain form does it, which shows what is wrong
  }
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) look();
});

listen(page.dataset.position, { onEvent: () => look() });
look();
