// Two tones for a new alert, and whether they can be heard: browsers keep silent until a person
// has pressed something, and whoever sits there is told so.

import { keep, read } from "./kept.js";

const KEPT = "overt-sound";
const TONES_HZ = [880, 1175];
const TONE_S = 0.18;

const WORDS = {
  muted: "Sound is off.",
  waits: "Sound is off until you press any key or button.",
  none: "This browser has no sound for pages.",
  on: "Sound is on.",
};

/** Ties a button that turns the sound on and off, and a place for words, to a sound. */
export function sound(button, place) {
  const Context = window.AudioContext;
  const context = Context ? new Context() : null;
  let muted = read(KEPT) === "off";

  function say() {
    const state = !context ? "none" : muted ? "muted" : context.state === "running" ? "on" : "waits";
    if (place) {
      place.textContent = WORDS[state];
      place.dataset.sound = state;
    }
    if (button) {
      button.setAttribute("aria-pressed", String(!muted));
      button.disabled = !context;
    }
  }

  function wake() {
    if (context && context.state === "suspended") context.resume().then(say, say);
  }

  context?.addEventListener("statechange", say);
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake, { passive: true });
  button?.addEventListener("click", () => {
    muted = !muted;
    keep(KEPT, muted ? "off" : "on");
    say();
    play();
  });
  say();
  wake();

  function tone(frequency, start) {
    const source = context.createOscillator();
    const volume = context.createGain();
    source.type = "sine";
    source.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.4, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + TONE_S);
    source.connect(volume).connect(context.destination);
    source.start(start);
    source.stop(start + TONE_S);
  }

  /** Sounds once; `urgent` twice. */
  function play(urgent = false) {
    if (!context || muted || context.state !== "running") return;
    const notes = urgent ? [...TONES_HZ, ...TONES_HZ] : TONES_HZ;
    notes.forEach((each, place_) => tone(each, context.currentTime + place_ * TONE_S));
  }

  return { play };
}
