// One alert while somebody decides on it: keys, the claim, and what others do meanwhile.

import { now } from "./clock.js";
import { listen } from "./events.js";
import { noticeAt } from "./handed.js";
import { keys } from "./keys.js";
import { sound } from "./sound.js";

const RENEW_LEFT_S = 60; // renewed below this, if whoever claimed it is still at it
const ACTIVE_MS = 45_000;
const CHECK_MS = 5000;
const PATIENCE_MS = 5000;

const HANDED = "– cameras handed over"; // the notice itself is below everything
const LAPSED = "Your claim has lapsed: somebody else may take the alert.";

const root = document.querySelector("[data-alert]");
const { alert, me } = root.dataset;
const bell = sound(document.querySelector("#sound"), document.querySelector("#sound-words"));
const decide = document.querySelector("#decide");
const claim = document.querySelector("#claim");
const release = document.querySelector("#release");
const others = new Set();
const meanwhile = document.querySelector("#meanwhile");
const handed = document.querySelector("[data-handed]");
let leaving = false;

// --- the pictures ---------------------------------------------------------------------------

for (const face of document.querySelectorAll("[data-face]")) {
  const lost = () => {
    face.hidden = true;
    face.nextElementSibling.hidden = false;
  };
  face.addEventListener("error", lost);
  if (face.complete && !face.naturalWidth) lost();
}

// --- what time does -------------------------------------------------------------------------

function age() {
  const seen_s = (now() - Date.parse(root.dataset.captured)) / 1000;
  const late = document.querySelector("#late");
  if (seen_s <= Number(root.dataset.lateAfter)) return;
  late.hidden = false;
  late.textContent = `Late: ${Math.round(seen_s)} s after the face was seen; not shown as live`;
}

if (root.dataset.lateAfter) setInterval(age, 1000);

// --- what others do meanwhile ---------------------------------------------------------------

function mark(words) {
  meanwhile.hidden = false;
  meanwhile.querySelector("strong").textContent = words;
  for (const form of [decide, claim, release, document.querySelector("#close-unsent")]) {
    for (const button of form?.querySelectorAll("button") ?? []) button.disabled = true;
  }
}

function takeAway() {
  for (const face of document.querySelectorAll("[data-face]")) {
    face.hidden = true;
    face.removeAttribute("src");
    face.nextElementSibling.hidden = false;
  }
}

function onOwn(kind, data) {
  if (kind === "alert.gone") {
    takeAway();
    mark("The alert was deleted.");
  } else if (data.decisions > Number(root.dataset.decisions) || isFurther(data.stage)) {
    mark(`Somebody has decided on it meanwhile: it is now “${data.stage}”. Nothing of yours was sent.`);
  } else if (data.claimed_by && data.claimed_by !== me) {
    mark(`${data.claimed_by} has claimed this alert meanwhile, and decides on it.`);
  } else if (root.dataset.mine === "yes" && !data.claimed_by) {
    mark(LAPSED);
  } else if (root.dataset.mine === "yes") {
    until(data.claimed_until);
  } else if (document.querySelector("[data-held]") && !data.claimed_by) {
    mark("The alert is free again.");
  }
}

function isFurther(stage) {
  const open = ["new", "claimed", "waiting for a second person"];
  return Boolean(stage) && stage !== root.dataset.stage && !(open.includes(stage) && open.includes(root.dataset.stage));
}

function onOther(kind, data) {
  const waits = ["new", "waiting for a second person"].includes(data.stage) && !data.late;
  if (!waits || kind === "alert.gone") others.delete(data.alert);
  else if (kind === "alert.raised" && !others.has(data.alert)) {
    others.add(data.alert);
    bell.play(data.priority === "red");
  }
  showOthers();
}

function showOthers() {
  const words = [others.size && `${others.size} new`, handed.childElementCount && HANDED];
  document.querySelector("#others").textContent = words.filter(Boolean).join(" ");
}

function onEvent(kind, data) {
  if (data.deployment !== root.dataset.deployment || leaving) return;
  if (data.alert === alert) onOwn(kind, data);
  else if (data.alert) onOther(kind, data);
  else if (kind === "deployment.changed" && data.state === "ended") onEnded(data.deployment);
}

// The alert stays, and so does what was chosen on it; only new ones appear elsewhere.
async function onEnded(deployment) {
  if (handed.childElementCount) return;
  const notice = await noticeAt(`/deployments/${deployment}/console/handed-over`);
  if (!notice) return;
  handed.replaceChildren(notice);
  showOthers();
}

// --- the claim ------------------------------------------------------------------------------

let active_ms = Date.now();
for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
  addEventListener(kind, () => (active_ms = Date.now()), { passive: true });
}

function until(moment) {
  const left = document.querySelector("#left");
  if (left && moment) left.dataset.until = moment;
}

async function renew() {
  const left = document.querySelector("#left");
  if (!left || leaving || !meanwhile.hidden) return;
  const left_s = (Date.parse(left.dataset.until) - now()) / 1000;
  if (left_s < 0) return mark(LAPSED);
  if (left_s > RENEW_LEFT_S || Date.now() - active_ms > ACTIVE_MS) return;
  try {
    const answer = await fetch(claim.action, {
      method: "POST",
      headers: { "x-overt-csrf": document.body.dataset.csrf },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.type !== "opaqueredirect") return mark("Your claim could not be renewed.");
    until(new Date(now().getTime() + Number(root.dataset.life) * 1000).toISOString());
  } catch {
    // not connected: the page says so, and the claim lapses by itself
  }
}

if (root.dataset.mine === "yes") setInterval(renew, CHECK_MS);

// --- keys -----------------------------------------------------------------------------------

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (leaving) event.preventDefault(); // pressed twice
    leaving = form.method === "post";
  });
}
addEventListener("pageshow", () => (leaving = false));

function choose(name, place) {
  const field = decide?.querySelectorAll(`[name="${name}"]`)[place];
  if (!field) return false;
  field.focus();
  field.checked = field.type === "radio" || !field.checked;
  return true;
}

function back() {
  if (release && root.dataset.mine === "yes" && meanwhile.hidden) release.requestSubmit();
  else location.assign(root.dataset.back);
}

keys(
  {
    1: () => choose("decision", 0),
    2: () => choose("decision", 1),
    3: () => choose("decision", 2),
    s: () => choose("factors", 0),
    y: () => choose("factors", 1),
    e: () => choose("factors", 2),
    m: () => document.querySelector("#sound").click(),
    "Ctrl+Enter": () => (meanwhile.hidden ? decide?.requestSubmit() : false),
    Escape: back,
  },
  {
    dialog: document.querySelector("#keys"),
    opener: document.querySelector("#keys-open"),
    toggle: document.querySelector("#keys-on"),
  },
);

listen(root.dataset.position, { onEvent });
