// An officer's steps with one alert: which one is shown, and what a form of it says.
//
// What the service knew when the page was made is the beginning; what was done since, and waits
// to be sent, goes on top of it. It is the same on a page of the service and without a network.

import { now } from "./clock.js";
import { tick } from "./page.js";
import * as pending from "./pending.js";

export const IN_THE_MIDDLE = ["decide", "stop", "outcome"];

/** Returns where an officer stands after one more act. */
export function after(at, { act, given, at: when }) {
  switch (act) {
    case "acknowledge":
      return { ...at, step: "decide" };
    case "decide":
      return given.decision[0] === "engage"
        ? { ...at, step: "stop", engaged: "yes", engagedAt: when }
        : { ...at, step: "outcome", engaged: "no", decided: given.decision[0] };
    case "end-stop":
      return { ...at, step: "outcome" };
    default:
      return { ...at, step: "closed", wasFalse: given.code[0].startsWith("false-") };
  }
}

/** Returns where the service says that an officer stands, as its page says it. */
export function said(article) {
  const { step, engaged, decided } = article.dataset;
  return { step, engaged, decided, engagedAt: article.querySelector(".held time")?.dataset.since };
}

/**
 * Runs the steps of the alert that `article` is about, from `base` on.
 * `onActed()` is told that something waits to be sent.
 */
export function run(article, base, account, onActed) {
  const { alert, deployment } = article.dataset;
  const longest = Number(article.querySelector("[data-longest]")?.dataset.longest) || 0;
  let shown = "";

  const current = () => pending.of(alert, account).reduce(after, base);

  function show(focus = false) {
    const at = current();
    remember(at);
    if (JSON.stringify(at) === shown) return;
    shown = JSON.stringify(at);
    draw(article, at);
    tick(article);
    watch();
    if (focus) article.querySelector(`.step[data-step="${at.step}"] h2`)?.focus();
  }

  // Ids and codes alone, for a page that is killed: where the officer was, and what was ticked.
  function remember(at) {
    if (!IN_THE_MIDDLE.includes(at.step)) return pending.leave(alert);
    const ticked = [...article.querySelectorAll("#checks input:checked")].map((each) => each.value);
    pending.stand({ account, alert, deployment, base, longest, ticked });
  }

  function watch() {
    const at = current();
    const over = Date.parse(at.engagedAt ?? "") + longest * 60_000 <= now();
    const told = !pending.of(alert, account).some((each) => each.act === "decide");
    const note = article.querySelector("[data-overrun]");
    if (!note) return;
    for (const each of note.querySelectorAll("[data-when]")) {
      each.hidden = (each.dataset.when === "told") !== told;
    }
    note.hidden = !(at.step === "stop" && longest && over);
    article.classList.toggle("over", !note.hidden);
    if (at.step === "acknowledge" && Date.parse(article.dataset.expires ?? "") <= now()) {
      become("expired");
    }
  }

  function become(step) {
    base = { ...base, step };
    show();
  }

  article.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-act]");
    if (!form) return;
    event.preventDefault();
    const { act } = form.dataset;
    const given = chosen(form);
    if (!given || pending.of(alert, account).some((each) => each.act === act)) return; // or pressed twice
    pending.keep({ account, deployment, alert, act, given });
    show(true);
    onActed();
  });

  article.addEventListener("change", () => remember(current()));
  // A page that a browser brings back as it was left may be behind what was done meanwhile.
  addEventListener("pageshow", () => show());
  tickAgain(article, alert);
  show();
  setInterval(watch, 1000);

  return {
    alert,
    current,
    show,
    become,
    /** Takes what the service has accepted into what it knows. */
    accepted(entry) {
      if (entry.alert !== alert) return;
      base = after(base, entry);
      show();
    },
  };
}

// Ticks again what was ticked before the page was killed.
function tickAgain(article, alert) {
  const before = pending.standing();
  if (before?.alert !== alert) return;
  for (const each of article.querySelectorAll("#checks input")) {
    if (before.ticked.includes(each.value)) each.checked = true;
  }
}

// What was chosen in a form, as lists of codes by field; null where something is wrong, which is
// then said beside the field as the service would say it.
function chosen(form) {
  const given = {};
  let right = true;
  for (const set of form.querySelectorAll("fieldset")) {
    if (set.closest("div[hidden]")) continue;
    const boxes = [...set.querySelectorAll("input:checked")];
    const needed = set.querySelector('input[type="radio"]') !== null;
    const wrong = needed && !boxes.length ? set.dataset.missing : unfit(form, set, boxes[0]);
    mark(set, wrong);
    if (wrong) right = false;
    given[set.id] = boxes.map((each) => each.value);
  }
  if (!right) form.querySelector('[aria-invalid="true"] input')?.focus();
  return right ? given : null;
}

function unfit(form, set, box) {
  const only = form.querySelector("#code input:checked")?.dataset.only;
  return box && only && set.dataset.unfit && box.value !== only ? set.dataset.unfit : "";
}

function mark(set, words) {
  set.querySelector(".wrong")?.remove();
  if (!words) {
    set.removeAttribute("aria-invalid");
    set.removeAttribute("aria-describedby");
    return;
  }
  const told = document.createElement("span");
  told.className = "wrong";
  told.id = `${set.id}-wrong`;
  told.textContent = `✕ ${words}`;
  set.querySelector("legend").after(told);
  set.setAttribute("aria-invalid", "true");
  set.setAttribute("aria-describedby", told.id);
}

function draw(article, at) {
  article.dataset.step = at.step;
  const step = at.step === "expired" ? "outcome" : at.step;
  for (const each of article.querySelectorAll(".step")) each.hidden = each.dataset.step !== step;
  for (const each of article.querySelectorAll("[data-mark]")) {
    if (each.dataset.mark === step) each.setAttribute("aria-current", "step");
    else each.removeAttribute("aria-current");
  }
  const held = article.querySelector(".held time");
  if (held && at.engagedAt) held.dataset.since = at.engagedAt;
  const engaged = at.step !== "expired" && at.engaged !== "no";
  const when = {
    engaged,
    unengaged: !engaged,
    expired: at.step === "expired",
    "was-false": at.step === "closed" && at.wasFalse === true,
  };
  for (const [name, yes] of Object.entries(when)) {
    for (const each of article.querySelectorAll(`[data-when="${name}"]`)) each.hidden = !yes;
  }
  const outcome = article.querySelector('.step[data-step="outcome"]');
  outcome?.toggleAttribute("data-release", at.decided === "do not engage");
  const faces = { closed: "[data-faces]", expired: "[data-faces]:not([data-asked-for])" }[at.step];
  if (faces) for (const each of article.querySelectorAll(faces)) each.remove();
}
