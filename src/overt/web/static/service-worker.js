// The part of an officer's page that is there without a network. The service puts three constants
// before this text: VERSION, FILES (addresses of static files) and OFFLINE (a page's text).
//
// Only static files are kept: never a page, never a picture of anybody, never what a script asks
// for. They go when a new version comes, when somebody signs out, and when nothing is under way.

const CACHE = `overt-${VERSION}`;
const PATIENCE_MS = 15_000; // a network that says nothing for so long is as good as none

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; " +
    "frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

const fill = async () => (await caches.open(CACHE)).addAll(FILES);

async function dropOthers() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
}

function offline() {
  return new Response(OFFLINE, { status: 503, headers: HEADERS });
}

async function page(request) {
  const silence = new Promise((_, give) => setTimeout(give, PATIENCE_MS));
  try {
    return await Promise.race([fetch(request), silence]);
  } catch {
    return offline();
  }
}

async function file(request) {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
}

addEventListener("install", (event) => event.waitUntil(fill().then(() => skipWaiting())));

addEventListener("activate", (event) =>
  event.waitUntil(dropOthers().then(() => clients.claim())),
);

addEventListener("message", (event) => {
  if (event.data === "fill") event.waitUntil(fill());
});

addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (origin !== location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(page(event.request));
  else if (pathname.startsWith("/static/")) event.respondWith(file(event.request));
});
