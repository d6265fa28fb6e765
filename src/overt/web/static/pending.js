// What an officer did while the network was dead: kept on the phone until the service has it.
//
// An entry holds ids, codes and a time: no name, no picture, no text that anybody wrote. Entries
// are sent in the order in which things happened. The service takes the same act of the same
// person twice as once, so that an answer that got lost on its way does no harm. An entry goes
// when it was accepted, when its alert or its deployment closed, or when somebody signed out;
// what the service refused stays until the officer has read it.

import { STANDING, now, skew_ms } from "./clock.js";
import { readJson } from "./kept.js";

const KEY = "overt.pending";
const TIMEOUT_MS = 10_000;
// The service is there but cannot just now, or a network in between answered for it.
const LATER = new Set([408, 425, 429, 500, 502, 503, 504]);
// Nobody is signed in, or somebody is anew, and this page's forms are of the session before.
const SIGNED_OUT = new Set([401, 403]);

function write(key, value) {
  if (value === null || (Array.isArray(value) && !value.length)) localStorage.removeItem(key);
  else localStorage.setItem(key, JSON.stringify(value));
  dispatchEvent(new Event("overt:pending"));
}

/** Every entry, in the order in which things happened. */
export function all() {
  const entries = readJson(KEY);
  return Array.isArray(entries) ? entries : [];
}

/** One account's entries about one alert that were not refused. */
export const of = (alert, account) =>
  all().filter((each) => each.alert === alert && each.account === account && !each.status);

/** Keeps an act. `given` holds lists of codes by field. */
export function keep({ account, deployment, alert, act, given }) {
  const entry = { id: crypto.randomUUID(), account, deployment, alert, act, given };
  write(KEY, [...all(), { ...entry, at: now().toISOString() }]);
}

/** Takes entries out that are about what `about` says. */
export function drop(about) {
  const before = all();
  const left = before.filter((each) => !about(each));
  if (left.length !== before.length) write(KEY, left);
  return before.length - left.length;
}

/** Where the officer was, so that a phone without a network can go on there; codes and ids. */
export const standing = () => readJson(STANDING);

export function stand(where) {
  const whole = { ...where, skew: skew_ms };
  if (JSON.stringify(whole) !== JSON.stringify(standing())) write(STANDING, whole);
}

/** Forgets that the officer was in the middle of an alert. */
export function leave(alert) {
  if (standing()?.alert === alert) write(STANDING, null);
}

/** Forgets all that is known of what `about` says: alerts that closed, deployments that did. */
export function forget(about) {
  const where = standing();
  if (where && about(where)) write(STANDING, null);
  return drop(about);
}

/** Forgets everything: nothing of ours stays on the phone. */
export function clear() {
  localStorage.clear();
  sessionStorage.clear();
  dispatchEvent(new Event("overt:pending"));
}

/** Takes away the static files that the service worker keeps. */
export async function emptyCaches() {
  if (!("caches" in window)) return;
  for (const name of await caches.keys()) await caches.delete(name);
}

/**
 * Sends what waits of one account, one after the other; returns how it went:
 * "sent", "offline" (nobody there, or not now) or "signed out".
 * `onAccepted(entry)` is told of each that was accepted, `onRefused(entry, message)` of the rest.
 */
export function send(account, csrf, { onAccepted = () => {}, onRefused = () => {} } = {}) {
  const work = () => sendAll(account, csrf, onAccepted, onRefused);
  // One page of this phone sends at a time, so that the order holds.
  return navigator.locks ? navigator.locks.request(KEY, work) : work();
}

async function sendAll(account, csrf, onAccepted, onRefused) {
  for (;;) {
    const entry = all().find((each) => each.account === account && !each.status);
    if (!entry) return "sent";
    const answer = await post(entry, csrf);
    if (!answer || LATER.has(answer.status)) return "offline";
    if (SIGNED_OUT.has(answer.status)) return "signed out";
    if (answer.ok) {
      drop((each) => each.id === entry.id);
      onAccepted(entry);
    } else {
      const message = await said(answer);
      const marked = all().map((each) =>
        each.id === entry.id ? { ...each, status: answer.status } : each,
      );
      write(KEY, marked);
      onRefused(entry, message);
    }
  }
}

async function post(entry, csrf) {
  const fields = new URLSearchParams({ at: entry.at });
  for (const [name, values] of Object.entries(entry.given)) {
    for (const value of values) fields.append(name, value);
  }
  try {
    return await fetch(`/officer/alerts/${entry.alert}/${entry.act}`, {
      method: "POST",
      headers: { accept: "application/json", "x-overt-csrf": csrf },
      body: fields,
      keepalive: true, // goes on where the page is closed meanwhile
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return null;
  }
}

async function said(answer) {
  try {
    const { message, remedy } = await answer.json();
    return [message, remedy].filter(Boolean).join(" ");
  } catch {
    return "";
  }
}
