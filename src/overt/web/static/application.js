// The application's form: its zones drawn while they are typed, another policy's choices shown
// when one is chosen; and how a draft goes.

const NUMBER = /\d*\.?\d+|\d+\./g;
const PATIENCE_MS = 5000;
const WHOLE = "0,0 160,0 160,90 0,90";

for (const camera of document.querySelectorAll("[data-camera]")) {
  const typed = camera.querySelector("[name$='-zone']");
  const drawn = camera.querySelector("polygon");
  typed.addEventListener("input", () => {
    const parts = (typed.value.match(NUMBER) ?? []).map(Number);
    const corners = [];
    for (let at = 0; at + 1 < parts.length; at += 2) {
      corners.push(`${Math.min(1, parts[at]) * 160},${Math.min(1, parts[at + 1]) * 90}`);
    }
    drawn.setAttribute("points", corners.length > 2 ? corners.join(" ") : WHOLE);
  });
}

const form = document.getElementById("application");
const policy = document.getElementById("policy");
policy?.addEventListener("change", () => form.requestSubmit(form.querySelector("[data-policy]")));

const drafting = document.querySelector("[data-drafting]");

async function look() {
  try {
    const answer = await fetch(drafting.dataset.drafting, {
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const now = answer.ok ? await answer.json() : { state: "" };
    if (now.state !== "running") {
      location.reload(); // which leads on, says what went wrong, or asks to sign in
      return;
    }
    drafting.querySelector("[data-done]").textContent = now.done;
    drafting.querySelector("[data-entries]").textContent = now.entries;
    const bar = drafting.querySelector("progress");
    bar.max = now.entries || 1;
    bar.value = now.done;
  } catch {
    // out of reach: the next time
  }
  setTimeout(look, 1000);
}

if (drafting) setTimeout(look, 500);
