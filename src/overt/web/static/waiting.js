// What waits to be sent, and what was refused: shown to the officer, never dropped in silence.

import * as pending from "./pending.js";

const ACTS = {
  acknowledge: "Acknowledged",
  decide: "Decision",
  "end-stop": "End of stop",
  outcome: "Outcome",
};

const REFUSED = "Refused: it does not fit how the alert stands now.";
const GONE = "The alert has been deleted meanwhile.";

const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: "UTC" });

/** Shows the entries; `messages` holds what the service said of refused ones, by id. */
export function showWaiting(messages = new Map(), account = "") {
  const box = document.querySelector("[data-waiting]");
  if (!box) return;
  const entries = pending.all();
  box.hidden = entries.length === 0;
  box.classList.toggle("bad", entries.some((each) => each.status));
  box.querySelector("ul").replaceChildren(...entries.map((each) => row(each, messages, account)));
}

function row(entry, messages, account) {
  const item = document.createElement("li");
  const what = document.createElement("span");
  what.textContent = `${words(entry)}, ${time.format(new Date(entry.at))} UTC. `;
  item.append(what);
  if (entry.status) {
    const why = document.createElement("strong");
    why.textContent = messages.get(entry.id) || (entry.status === 404 ? GONE : REFUSED);
    item.append(why, button(entry, "I have read this"));
  } else if (account && entry.account !== account) {
    const whose = document.createElement("strong");
    whose.textContent = "Of a colleague: sent when they sign in on this phone.";
    item.append(whose, button(entry, "Delete it"));
  }
  return item;
}

function words({ act, given }) {
  const codes = Object.values(given).flat();
  return codes.length ? `${ACTS[act]}: ${codes.join(", ")}` : ACTS[act];
}

function button(entry, said) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = said;
  made.addEventListener("click", () => pending.drop((each) => each.id === entry.id));
  return made;
}
