// What happens meanwhile: one stream of events a page, read from where the page was made.
//
//   import { listen } from "./events.js";
//   listen(position, { onEvent(kind, data, id) {}, onState(connected) {} });
//
// Nothing is missed and nothing comes twice: each event has its number, a stream that broke goes
// on after the last one, and what has been seen is passed over. Where the session has ended, the
// page is loaded anew, which brings whoever sits there to signing in.
// Whatever carries `data-connection` says by itself whether the page hears of what happens.

const KINDS = [
  "alert.raised",
  "alert.changed",
  "alert.sent",
  "alert.gone",
  "deployment.changed",
  "stop.overran",
];
const BEAT = "beat"; // every ten seconds at least

// A network that drops everything without a word is noticed by its silence.
const SILENCE_MS = 25_000;
const WAITS_MS = [500, 1000, 2000, 4000, 8000];

const WORDS = { on: "Connected", off: "Not connected. What happens now is not shown." };

/**
 * Tells `onEvent` of everything after `position`, in order and once each.
 * `onState(true)` says that the page is connected, `onState(false)` that it is not just now.
 * Returns a function that ends it.
 */
export function listen(position, { onEvent, onState = () => {} }) {
  let last = Number(position) || 0;
  let stream = null;
  let connected = null;
  let tries = 0;
  let waiting = 0;
  let silence = 0;
  let over = false;

  function tell(now) {
    if (now === connected) return;
    connected = now;
    for (const each of document.querySelectorAll("[data-connection]")) {
      each.dataset.connection = now ? "on" : "off";
      each.textContent = now ? WORDS.on : WORDS.off;
    }
    onState(now);
  }

  function attend() {
    clearTimeout(silence);
    silence = setTimeout(again, SILENCE_MS);
  }

  function heard(event) {
    tries = 0;
    attend();
    tell(true);
    const id = Number(event?.lastEventId);
    const news = id > last;
    if (news) last = id;
    return news;
  }

  function end() {
    over = true;
    clearTimeout(waiting);
    clearTimeout(silence);
    stream?.close();
  }

  function again() {
    clearTimeout(silence);
    stream?.close();
    tell(false);
    if (over) return;
    clearTimeout(waiting);
    waiting = setTimeout(look, WAITS_MS[Math.min(tries++, WAITS_MS.length - 1)]);
  }

  // An EventSource does not say why it was refused: ask for the same once, and leave at once.
  async function look() {
    const asking = new AbortController();
    const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(SILENCE_MS)]);
    let status = 0;
    try {
      const answer = await fetch(address(last), { signal, cache: "no-store" });
      status = answer.status;
    } catch {
      // nobody there: the next time
    }
    asking.abort();
    // Signed out (401); or the service's record has not come as far as this page (422).
    if (status === 401 || status === 422) leave();
    else if (status === 200) open();
    else again();
  }

  function leave() {
    end();
    tell(false);
    // A page that a form was answered with says where it is opened, so that nothing is sent again.
    const here = document.querySelector("[data-here]")?.dataset.here;
    location.replace(here ?? location.pathname + location.search);
  }

  function open() {
    if (over) return;
    attend();
    stream = new EventSource(address(last));
    stream.onopen = heard;
    stream.onerror = () => {
      tell(false);
      if (stream.readyState === EventSource.CLOSED) again(); // else the browser asks again itself
    };
    stream.addEventListener(BEAT, heard);
    for (const kind of KINDS) {
      stream.addEventListener(kind, (event) => {
        if (heard(event)) onEvent(kind, event.data ? JSON.parse(event.data) : {}, last);
      });
    }
  }

  open();
  addEventListener("pagehide", end, { once: true });
  return end;
}

function address(after) {
  return `/events?after=${after}`;
}
