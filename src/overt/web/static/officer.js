// The officer's phone: what arrives, what waits to be sent, and what must not stay.

import { now } from "./clock.js";
import { listen } from "./events.js";
import { noticeAt } from "./handed.js";
import { tick } from "./page.js";
import * as pending from "./pending.js";
import { sound } from "./sound.js";
import { IN_THE_MIDDLE, after, run, said } from "./steps.js";
import { showWaiting } from "./waiting.js";

const AGAIN_MS = 5_000;
const PATIENCE_MS = 5_000;
const OVER = ["closed", "reviewed", "refused", "cancelled", "expired"];
const TAKEN_BACK = "decided, not sent"; // where the policy sends alerts before anybody decides
const WORKER = "/service-worker.js";
const SCOPE = "/officer";
const SHAKE_MS = { red: [400, 100, 400, 100, 400], amber: [300, 100, 300], green: [200] };

const phone = document.getElementById("phone");
const article = document.getElementById("alert");
const news = document.querySelector("[data-news]");
const { account, me } = phone.dataset;
const words = JSON.parse(phone.dataset.words);
const title = document.title;
const open = new Set(phone.dataset.open.split(" ").filter(Boolean));
const messages = new Map(); // what the service said of refused acts, while the page is open
const unseen = new Set();
const bell = sound(null, document.querySelector("[data-sound]"));
const steps = article?.querySelector(".step")
  ? run(article, said(article), account, () => flush())
  : null;

const cardOf = (alert) => document.querySelector(`.card[data-alert="${CSS.escape(alert)}"]`);
const sectionOf = (deployment) =>
  document.querySelector(`section[data-deployment="${CSS.escape(deployment)}"]`);

function say(text, link = "") {
  news.replaceChildren(text);
  if (!link) return;
  const made = document.createElement("a");
  made.href = link;
  made.textContent = "Look at it";
  news.append(" ", made);
}

// --- what waits to be sent ------------------------------------------------------------------

const refresh = () => showWaiting(messages, account);

let sending = null;
let signedOut = false; // and this page's forms stay refused: another session has others

function flush() {
  sending ??= sendAll().finally(() => (sending = null));
  return sending;
}

async function sendAll() {
  const result = signedOut
    ? "signed out"
    : await pending.send(account, document.body.dataset.csrf ?? "", { onAccepted, onRefused });
  signedOut = result === "signed out";
  if (signedOut) say("You are signed out. Sign in again, and what waits is sent.", "/officer");
  if (result === "sent") forgetOver();
  refresh();
  return result;
}

function onAccepted(entry) {
  if (steps?.alert === entry.alert) return steps.accepted(entry);
  // Sent from another page than its alert's own: a page without a network goes on from there.
  const where = pending.standing();
  if (where?.alert !== entry.alert || where.account !== account) return;
  const base = after(where.base, entry);
  if (IN_THE_MIDDLE.includes(base.step)) pending.stand({ ...where, base });
  else pending.leave(entry.alert);
}

function onRefused(entry, message) {
  messages.set(entry.id, message);
  steps?.show();
}

// What is known of a deployment that has closed is not kept any longer.
const forgetOver = () =>
  pending.forget((each) => !open.has(each.deployment) && each.account === account && !each.status);

async function letGo(deployment) {
  await flush();
  open.delete(deployment);
  const lost = pending.forget((each) => each.deployment === deployment);
  refresh();
  if (!open.size) await leaveNothing();
  if (article?.dataset.deployment === deployment) {
    if (!lost) return leaveAlert();
    article.remove(); // the page stays, and says what was lost
  }
  sectionOf(deployment)?.remove();
  const unsent = lost ? ` ${lost} not sent: deleted.` : "";
  say(`A deployment has closed.${unsent} Nothing of it is on this phone any more.`);
}

function leaveAlert() {
  for (const each of document.querySelectorAll("[data-faces]")) each.remove();
  location.replace("/officer");
}

async function leaveNothing() {
  for (const each of (await navigator.serviceWorker?.getRegistrations()) ?? []) await each.unregister();
  await pending.emptyCaches();
}

// --- what arrives ---------------------------------------------------------------------------

function onEvent(kind, data) {
  if (kind === "deployment.changed") {
    if (OVER.includes(data.state) && open.has(data.deployment)) letGo(data.deployment);
    if (data.state === "ended") ended(data.deployment);
    return;
  }
  if (kind === "alert.gone") return gone(data.alert);
  if (kind === "stop.overran") {
    if (data.alert !== steps?.alert) say("A stop is over its time.", `/officer/alerts/${data.alert}`);
    return;
  }
  if (data.alert === article?.dataset.alert) changed(data);
  else arrived(data);
  if (phone.dataset.page === "list") put(data);
}

// Its alerts stay, and new ones come from whichever deployment has the cameras now.
async function ended(deployment) {
  const place = document.querySelector(`[data-handed="${CSS.escape(deployment)}"]`);
  if (!place || place.childElementCount) return;
  const notice = await noticeAt(`/officer/handed-over/${deployment}`);
  if (!notice) return;
  place.replaceChildren(notice);
  const here = sectionOf(deployment)?.querySelector("[data-open-here]");
  if (here) here.hidden = false;
}

// The notice leads to another deployment of this list, which may have begun after the page was made.
addEventListener("hashchange", () => {
  const there = location.hash.slice(1);
  if (phone.dataset.page === "list" && there && !document.getElementById(there)) location.reload();
});

function gone(alert) {
  pending.forget((each) => each.alert === alert && !each.status);
  unseen.delete(alert);
  cardOf(alert)?.remove();
  refresh();
  count();
  if (article?.dataset.alert === alert) leaveAlert();
}

// The open alert, where somebody else or another page did something about it.
function changed(data) {
  const step = steps?.current().step;
  if (data.stage === "closed") {
    pending.forget((each) => each.alert === data.alert && !each.status);
    if (steps) steps.become("closed");
    else leaveAlert();
  } else if (data.acknowledged_by && ["acknowledge", "expired"].includes(step)) {
    location.reload(); // a colleague has it, or another page of this phone's
  }
}

const isNew = (data) => data.sent_at && !data.acknowledged_by && data.stage !== "closed" && data.stage !== TAKEN_BACK;

function arrived(data) {
  if (!isNew(data)) {
    unseen.delete(data.alert);
    return;
  }
  if (data.unanswered || cardOf(data.alert) || unseen.has(data.alert)) return;
  unseen.add(data.alert);
  navigator.vibrate?.(SHAKE_MS[data.priority] ?? SHAKE_MS.green);
  bell.play(data.priority === "red");
  say(`New alert: ${data.expected_response}. Camera ${data.camera}.`, `/officer/alerts/${data.alert}`);
  count();
}

function put(data) {
  const section = sectionOf(data.deployment);
  if (!section) return location.reload(); // its deployment began after this page was made
  const before = cardOf(data.alert);
  if (["closed", TAKEN_BACK].includes(data.stage)) before?.remove();
  else fill(before ?? added(section, data), data);
  section.querySelector("[data-none]").hidden = section.querySelector("[data-cards] > *") !== null;
  count();
}

function added(section, data) {
  const card = document.getElementById("card").content.firstElementChild.cloneNode(true);
  card.dataset.alert = data.alert;
  card.querySelector("a").href = `/officer/alerts/${data.alert}`;
  if (!data.unanswered) card.classList.add("arrives");
  section.querySelector("[data-cards]").prepend(card);
  return card;
}

function fill(card, data) {
  const part = (name) => card.querySelector(`[data-of="${name}"]`);
  card.classList.remove("red", "amber", "green", "past");
  card.classList.add(data.priority);
  const badge = part("priority");
  badge.className = `badge ${data.priority}`;
  badge.textContent = words.priorities[data.priority];
  part("response").textContent = data.expected_response;
  part("category").textContent = data.category;
  part("camera").textContent = data.camera;
  part("since").dataset.since = data.captured_at;
  const sent = isNew(data);
  card.dataset.step = sent ? "acknowledge" : "";
  card.dataset.expires = new Date(Date.parse(data.sent_at) + words.unanswered_after_s[data.deployment] * 1000).toISOString();
  part("stands").textContent = sent ? words.stands.acknowledge : stands(data);
  expire(card);
  tick(card);
}

function stands({ stage, acknowledged_by: by, released_at: released }) {
  if (by && by !== me) return words.stands.taken.replace("NAME", by);
  if (stage === "engaged") return released ? words.stands.outcome : words.stands.stop;
  return words.stands.decide;
}

// --- what time changes ----------------------------------------------------------------------

function expire(card) {
  const over = Date.parse(card.dataset.expires ?? "") <= now();
  if (card.dataset.step !== "acknowledge" || !over) return;
  card.dataset.step = "expired";
  card.classList.add("past");
  card.classList.remove("arrives");
  card.querySelector('[data-of="stands"]').textContent = words.stands.expired;
  unseen.delete(card.dataset.alert);
}

function count() {
  const cards = [...document.querySelectorAll('.card[data-step="acknowledge"]')];
  const waiting = new Set([...unseen, ...cards.map((each) => each.dataset.alert)]).size;
  document.title = waiting ? `(${waiting}) ${title}` : title;
  for (const section of document.querySelectorAll("section[data-deployment]")) {
    const number = section.querySelectorAll("[data-cards] > *").length;
    section.querySelector('[data-part="still-open"]').textContent = number;
  }
}

setInterval(() => {
  for (const each of document.querySelectorAll(".card[data-expires]")) expire(each);
  count();
}, 1000);

// --- signing out ----------------------------------------------------------------------------

let warned = false;

async function signOut(event) {
  event.preventDefault();
  const result = await flush();
  const left = pending.all().length;
  if (left && !warned) {
    warned = true;
    say(`${left} not sent yet. Sign out again, and they are deleted.`);
    return;
  }
  for (const each of document.querySelectorAll("[data-faces]")) each.remove();
  await leaveNothing();
  pending.clear();
  if (result === "offline" && !(await there())) {
    say("There is no network, so you are still signed in. What this phone kept has been deleted.");
    return;
  }
  HTMLFormElement.prototype.submit.call(event.target);
}

async function there() {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return (await fetch("/manifest.webmanifest", { cache: "no-store", signal })).ok;
  } catch {
    return false;
  }
}

document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", signOut);

// --- the phone itself -----------------------------------------------------------------------

// A page cannot prevent a screenshot; it can keep from offering to save, drag or print a face.
for (const each of document.querySelectorAll("[data-faces]")) {
  for (const kind of ["contextmenu", "dragstart", "copy"]) {
    each.addEventListener(kind, (event) => event.preventDefault());
  }
}

async function install() {
  if (!("serviceWorker" in navigator)) return;
  if (!open.size) return leaveNothing();
  await navigator.serviceWorker.register(WORKER, { scope: SCOPE });
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage("fill");
}

// Of an alert that is not among those shown any more, nothing is remembered.
if (phone.dataset.page === "list") {
  pending.forget((each) => !each.act && !each.status && !cardOf(each.alert));
}

refresh();
count();
addEventListener("overt:pending", refresh);
addEventListener("storage", refresh);
addEventListener("online", flush);
document.addEventListener("visibilitychange", () => document.hidden || flush());
setInterval(() => pending.all().some((each) => !each.status) && flush(), AGAIN_MS);
listen(phone.dataset.position, { onEvent, onState: (connected) => connected && flush() });
flush();
install().catch(() => {}); // a phone without them has the pages all the same
