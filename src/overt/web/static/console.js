// The console: alerts appear as they are raised, cameras say how they are, and keys move about.

import { now } from "./clock.js";
import { listen } from "./events.js";
import { noticeAt } from "./handed.js";
import { keys } from "./keys.js";
import { watch } from "./live.js";
import { tick } from "./page.js";
import { sound } from "./sound.js";

const HEALTH_MS = 1000;
const TOLD_MS = 30_000;
const HELD_MS = 2000;
const NEARLY = 2; // failed questions in a row, after which the cameras' state is not known
const ORDER = { red: 0, amber: 1, green: 2 };
const HANDED = "handed"; // of this page's own: a notice that waits, as events do, for a press
const UNDECIDED = ["new", "claimed", "waiting for a second person"];

const root = document.querySelector("[data-deployment]");
const deployment = root.dataset.deployment;
const decides = root.dataset.decides === "yes";
const priorities = JSON.parse(root.dataset.priorities);
const title = document.title;
let standing = root.dataset.state;
const blank = document.querySelector("#blank-card").content.querySelector(".card");
const groups = [...document.querySelectorAll(".group")];
const told = document.querySelector("#told");
const changed = document.querySelector("#changed");
const handed = document.querySelector("[data-handed]");
const openHere = document.querySelector("[data-open-here]");
const bell = sound(document.querySelector("#sound"), document.querySelector("#sound-words"));

const part = (inside, name) => inside.querySelector(`[data-part="${name}"]`);
const parts = (inside, name) => inside.querySelectorAll(`[data-part="${name}"]`);
const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);
const cardOf = (id) => document.querySelector(`.card[data-alert="${CSS.escape(id)}"]`);

// --- alerts ---------------------------------------------------------------------------------

function made(id) {
  const card = blank.cloneNode(true);
  card.dataset.alert = id;
  if (decides) part(card, "claim").action = `/alerts/${id}/claim`;
  part(card, "look").href = `/alerts/${id}`;
  return card;
}

function fill(card, data) {
  card.className = `card ${data.priority}`;
  Object.assign(card.dataset, {
    stage: data.stage,
    captured: data.captured_at,
    priority: data.priority,
    claimedUntil: data.claimed_until ?? "",
    late: data.late ? "yes" : "",
    holder: data.claimed_by ?? "",
  });
  const badge = part(card, "priority");
  badge.className = `badge ${data.priority}`;
  badge.textContent = priorities[data.priority] ?? "";
  for (const each of parts(card, "number")) each.textContent = data.number;
  part(card, "category").textContent = data.category;
  part(card, "camera").textContent = data.camera;
  Object.assign(part(card, "since").dataset, { since: data.captured_at });
  part(card, "since").dateTime = data.captured_at;
  part(card, "at").textContent = new Date(data.captured_at).toISOString().slice(11, 19);
  part(card, "unanswered").hidden = !data.unanswered;
  part(card, "decided").hidden = data.needed < 2;
  part(card, "decided").textContent = `${data.decisions} of ${data.needed} have decided`;
  settle(card);
}

/** Shows what time alone changes on a card: that it is late, and that a claim has lapsed. */
function settle(card) {
  const { stage, holder, claimedUntil, captured } = card.dataset;
  const open = UNDECIDED.includes(stage);
  const held = holder && (!claimedUntil || Date.parse(claimedUntil) > now()) ? holder : "";
  const late_s = Number(root.dataset.lateAfter);
  part(card, "late").hidden = !(open && now() - Date.parse(captured) > late_s * 1000);
  part(card, "stage").textContent = capital(stage === "claimed" && !held ? "new" : stage);
  part(card, "holder").hidden = !held;
  part(card, "name").textContent = held === root.dataset.me ? "you" : held;
  const mine = decides && open && !card.dataset.hadMine && (!held || held === root.dataset.me);
  const had = document.activeElement?.closest(".card") === card;
  if (decides) part(card, "claim").hidden = !mine;
  part(card, "look").hidden = mine;
  if (had && document.activeElement.closest("[hidden]")) act(card)?.focus();
}

function put(card) {
  const group = groups.find((each) => each.dataset.stages.split("|").includes(card.dataset.stage));
  if (!group) return;
  const list = part(group, "cards");
  const key = (each) => [ORDER[each.dataset.priority] ?? 3, Date.parse(each.dataset.captured)];
  const [rank, at] = key(card);
  const after = [...list.children].find((each) => {
    if (each === card) return false;
    const [other, its] = key(each);
    return other > rank || (other === rank && its > at);
  });
  const had = card.contains(document.activeElement);
  if (card.parentNode !== list || card.nextElementSibling !== (after ?? null)) {
    list.insertBefore(card, after ?? null);
    if (had) act(card)?.focus();
  }
}

function count() {
  for (const group of groups) {
    const cards = part(group, "cards").children.length;
    part(group, "count").textContent = cards;
    part(group, "empty").hidden = cards > 0;
  }
  const open = groups.filter((each) => each.id !== "group-closed");
  part(openHere, "still-open").textContent = open.reduce(
    (sum, each) => sum + part(each, "cards").children.length,
    0,
  );
  const waiting = part(document.querySelector("#group-decide"), "cards").children.length;
  document.title = waiting ? `(${waiting}) ${title}` : title;
}

function announce(card, data) {
  card.classList.add("arrives");
  told.textContent = `New alert ${data.number}. ${part(card, "priority").textContent}. ${data.category}. Camera ${data.camera}.`;
  bell.play(data.priority === "red");
  clearTimeout(told.silent);
  told.silent = setTimeout(() => (told.textContent = ""), TOLD_MS);
}

/** Takes an event at once, or as soon as nothing of the queue is pressed any more. */
function onEvent(kind, data) {
  if (data.deployment !== deployment) return;
  if (press.held) press.waiting.push([kind, data]);
  else take(kind, data);
}

function take(kind, data) {
  if (kind === "deployment.changed") return onChanged(data);
  if (kind === HANDED) return follow(data.notice);
  const card = cardOf(data.alert);
  if (kind === "alert.gone") {
    card?.remove();
  } else if (data.stage) {
    const shown = card ?? made(data.alert);
    fill(shown, data);
    put(shown);
    tick(shown);
    if (!card && kind === "alert.raised" && data.stage === "new" && !data.late) announce(shown, data);
    if (kind === "stop.overran") {
      clearTimeout(told.silent);
      told.textContent = `Alert ${data.number}: somebody has been held for longer than the policy allows.`;
    }
  }
  count();
}

async function onChanged(data) {
  if (data.state === standing) return;
  standing = data.state;
  const over = standing === "ended";
  const notice = over && (await noticeAt(`/deployments/${deployment}/console/handed-over`));
  if (notice) return onEvent(HANDED, { deployment, notice });
  changed.hidden = false;
  changed.textContent = `The deployment is now ${data.state}.`;
  setTimeout(() => location.replace(location.pathname), 1500);
}

// Another deployment has the cameras. The page stays as it is: what is open here is decided here.
function follow(notice) {
  root.dataset.state = standing;
  const state = document.querySelector("#state");
  state.className = `state ${standing}`;
  state.textContent = capital(standing);
  for (const each of document.querySelectorAll("#ends, #elsewhere")) each.remove();
  handed.replaceChildren(notice);
  openHere.hidden = false;
}

// --- presses --------------------------------------------------------------------------------

// A card that moves between a button's going down and its coming up loses the press, or gives it
// to its neighbour. So the queue stands still meanwhile, but never for long: an alert must be seen.
const press = { held: false, waiting: [], timer: 0 };

function hold(event) {
  if (!event.target.closest?.(".queue [data-act]")) return;
  press.held = true;
  clearTimeout(press.timer);
  press.timer = setTimeout(release, HELD_MS);
}

function release() {
  clearTimeout(press.timer);
  press.held = false;
  for (const [kind, data] of press.waiting.splice(0)) take(kind, data);
}

const isPress = (event) => event.key === "Enter" || event.key === " ";
addEventListener("pointerdown", hold, true);
addEventListener("keydown", (event) => isPress(event) && hold(event), true);
// The click comes right after, before anything that is put off.
for (const over of ["pointerup", "pointercancel", "keyup"]) {
  addEventListener(over, () => press.held && setTimeout(release), true);
}

// --- cameras --------------------------------------------------------------------------------

const tiles = new Map();
for (const tile of document.querySelectorAll(".tile")) tiles.set(tile.dataset.camera, tile);
let failed = 0;

function showShort(tile, each) {
  const short = part(tile, "short");
  if (short.hidden === each.below_floor) {
    document.querySelector("#cameras-told").textContent = each.below_floor
      ? `Camera ${each.camera} is below the policy’s floor`
      : `Camera ${each.camera} holds the policy’s floor`;
  }
  short.hidden = !each.below_floor;
  part(tile, "short-of").textContent = `${each.frames_per_second.toFixed(1)} of ${each.floor_per_second}`;
}

function showHealth(each) {
  const tile = tiles.get(each.camera);
  if (!tile) return;
  const state = part(tile, "state");
  if (state.dataset.was && state.dataset.was !== each.state) {
    document.querySelector("#cameras-told").textContent = `Camera ${each.camera}: ${each.state}`;
  }
  state.dataset.was = each.state;
  state.className = `how ${each.state}`;
  state.textContent = capital(each.state);
  part(tile, "pace").textContent = each.frames_per_second.toFixed(1);
  part(tile, "width").hidden = !each.width_px;
  part(tile, "pixels").textContent = each.width_px;
  part(tile, "finds").textContent = each.finds_px;
  showShort(tile, each);
  part(tile, "age").textContent =
    each.last_frame_age_s === null ? "none yet" : `${each.last_frame_age_s.toFixed(1)} s ago`;
  const dropped = Object.entries(each.dropped).filter(([, number]) => number);
  part(tile, "dropped").textContent =
    dropped.map(([cause, number]) => `${number} ${cause}`).join(", ") || "none";
  part(tile, "reconnects").textContent = counted(each.reconnects, "time");
  part(tile, "counts").textContent =
    `${counted(each.faces_seen, "face")} seen, ${each.searched} searched, ${counted(each.alerts, "alert")}`;
  part(tile, "error").hidden = !each.error;
  part(tile, "error").textContent = each.error;
}

function counted(number, one) {
  return `${number.toLocaleString("en-GB")} ${number === 1 ? one : `${one}s`}`;
}

async function health() {
  try {
    const answer = await fetch(`/deployments/${deployment}/health`, {
      cache: "no-store",
      signal: AbortSignal.timeout(5000),
    });
    if (answer.status === 401) return location.replace(location.pathname);
    if (!answer.ok) throw new Error(String(answer.status));
    const all = await answer.json();
    failed = 0;
    all.cameras.forEach(showHealth);
  } catch {
    failed += 1;
    if (failed >= NEARLY) {
      for (const tile of tiles.values()) {
        const state = part(tile, "state");
        state.className = "how unknown";
        state.textContent = "Not known: the service does not answer";
        part(tile, "age").textContent = "not known";
      }
    }
  }
}

async function askHealth() {
  if (!document.hidden) await health();
  setTimeout(askHealth, HEALTH_MS);
}

// --- keys -----------------------------------------------------------------------------------

function act(card) {
  return [...card.querySelectorAll("[data-act]")].find((each) => !each.closest("[hidden]"));
}

function move(by) {
  const cards = [...document.querySelectorAll(".group:not(details:not([open])) .card")];
  if (!cards.length) return false;
  const at = cards.indexOf(document.activeElement?.closest(".card"));
  const next = at < 0 ? (by > 0 ? 0 : cards.length - 1) : Math.min(Math.max(at + by, 0), cards.length - 1);
  act(cards[next])?.focus();
  return true;
}

const inQueue = () => document.activeElement?.closest(".queue") || document.activeElement === document.body;

keys(
  {
    j: () => move(1),
    k: () => move(-1),
    m: () => document.querySelector("#sound").click(),
    ArrowDown: () => (inQueue() ? move(1) : false),
    ArrowUp: () => (inQueue() ? move(-1) : false),
  },
  {
    dialog: document.querySelector("#keys"),
    opener: document.querySelector("#keys-open"),
    toggle: document.querySelector("#keys-on"),
  },
);

// --- and all of it begins -------------------------------------------------------------------

for (const card of document.querySelectorAll(".card")) {
  if (!part(card, "holder").hidden) card.dataset.holder = part(card, "name").dataset.name;
}
setInterval(() => press.held || document.querySelectorAll(".card").forEach(settle), 1000);
count();
listen(root.dataset.position, { onEvent });
if (root.dataset.state === "live") {
  watch(`/deployments/${deployment}/live`, tiles, {
    signedOut: () => location.replace(location.pathname),
  });
  askHealth();
}
