// Once another deployment has the cameras: the notice that says so and where to go on, as the
// service makes it for whoever looks.

const PATIENCE_MS = 5000;
const AGAIN_MS = 1000;
const TRIES = 3;

/** Returns the notice that is at `address`, or null: there is none, or the service does not say. */
export async function noticeAt(address) {
  for (let tries = 1; ; tries++) {
    try {
      const answer = await fetch(address, {
        cache: "no-store",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const made = new DOMParser().parseFromString(await answer.text(), "text/html");
      const notice = made.querySelector(".follow");
      return notice && document.importNode(notice, true);
    } catch {
      if (tries === TRIES) return null;
      await new Promise((go) => setTimeout(go, AGAIN_MS));
    }
  }
}
