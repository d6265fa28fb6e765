// Keys: what each does is listed in a dialog, and those of one letter can be switched off
// (WCAG 2.2, 2.1.4). Nothing is typed by accident: keys in a field stay the field's.

import { keep, read } from "./kept.js";

const KEPT = "overt-keys";
const FIELDS = 'input:not([type="radio"], [type="checkbox"]), textarea, select, [contenteditable]';

/**
 * Runs `acts[key]` when a key is pressed; what it returns `false` for is left to the browser.
 * Letters, digits and signs may be switched off by the checkbox in the dialog.
 */
export function keys(acts, { dialog, opener, toggle } = {}) {
  let on = read(KEPT) !== "off";

  function show() {
    if (toggle) toggle.checked = on;
    document.body.dataset.keys = on ? "on" : "off";
  }

  toggle?.addEventListener("change", () => {
    on = toggle.checked;
    keep(KEPT, on ? "on" : "off");
    show();
  });
  opener?.addEventListener("click", () => dialog.showModal());
  show();

  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || dialog?.open) return;
    if (event.altKey || event.metaKey) return;
    const name = event.ctrlKey ? `Ctrl+${event.key}` : event.key;
    const single = [...event.key].length === 1;
    if (single && (event.ctrlKey || !on || event.target.closest?.(FIELDS))) return;
    const act = name === "?" && dialog ? () => dialog.showModal() : acts[name] ?? acts[name.toLowerCase()];
    if (act && act(event) !== false) event.preventDefault();
  });
}
