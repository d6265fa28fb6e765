// What every page does: brings the focus to what was refused, and lets its clocks run.

import { now } from "./clock.js";

function words(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function tick(root = document) {
  const at = now();
  for (const each of root.querySelectorAll("time[data-since]")) {
    each.textContent = words((at - Date.parse(each.dataset.since)) / 1000);
  }
  for (const each of root.querySelectorAll("time[data-until]")) {
    each.textContent = words((Date.parse(each.dataset.until) - at) / 1000);
  }
}

document.querySelector("[data-focus]")?.focus();
tick();
setInterval(tick, 1000);
