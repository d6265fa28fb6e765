// The live pictures of all cameras on one connection, drawn as they come.
//
// A part is four bytes that say how long its header is, the header as JSON, and as many bytes of a
// JPEG as it says. Only the newest picture of a camera is ever drawn, and where none comes the
// tile says for how long: an old picture never looks like the street as it is.

const WAITS_MS = [500, 1000, 2000, 4000, 8000];
const STALE_S = 2;
const BEHIND_S = 1;
const CHECK_MS = 250;
const SILENCE_MS = 15_000;
const LENGTH_BYTES = 4;

/**
 * Shows the pictures of `address` in tiles, by camera: each has a canvas and places for words.
 * `signedOut` is called where the service says that nobody is signed in any more.
 * Returns a function that ends it.
 */
export function watch(address, tiles, { signedOut = () => {} } = {}) {
  const shown = new Map([...tiles].map(([camera, tile]) => [camera, new Shown(tile)]));
  let quickest_s = Infinity; // the least that any part took from the service's clock to ours
  let asking = null;
  let tries = 0;
  let waiting = 0;
  let over = false;

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(run, WAITS_MS[Math.min(tries++, WAITS_MS.length - 1)]);
  }

  async function run() {
    if (over || document.hidden) return;
    asking?.abort();
    asking = new AbortController();
    const mine = asking;
    let silence = 0;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => mine.abort(), SILENCE_MS);
    };
    try {
      heard();
      const answer = await fetch(address, { signal: mine.signal, cache: "no-store" });
      if (answer.status === 401) return signedOut();
      if (answer.status === 409) return end("Not live");
      if (!answer.ok) throw new Error(String(answer.status));
      quickest_s = Infinity;
      for await (const { header, jpeg } of parts(answer.body)) {
        heard();
        tries = 0;
        if (header.over === "session") return signedOut();
        if (header.over === "deployment") return end("Not live");
        take(header, jpeg);
      }
    } catch {
      // it broke: it is asked for again
    } finally {
      clearTimeout(silence);
      mine.abort();
    }
    if (mine === asking) later();
  }

  function take(header, jpeg) {
    // Both clocks run alike, so what a part took beyond the quickest one is what held it up.
    const took_s = performance.now() / 1000 - header.sent_s;
    quickest_s = Math.min(quickest_s, took_s);
    const age_s = header.age_s + took_s - quickest_s;
    if (header.bytes) shown.get(header.camera)?.take(jpeg, age_s);
  }

  function end(words) {
    over = true;
    clearTimeout(waiting);
    clearInterval(checking);
    asking?.abort();
    for (const each of shown.values()) each.end(words);
  }

  // Pictures are made for those who watch; a page that nobody sees does not.
  document.addEventListener("visibilitychange", () => {
    if (over) return;
    if (document.hidden) asking?.abort();
    else {
      tries = 0;
      run();
    }
  });
  const checking = setInterval(() => {
    for (const each of shown.values()) each.check();
  }, CHECK_MS);
  run();
  return () => end("");
}

class Shown {
  constructor(tile) {
    this.canvas = tile.querySelector("canvas");
    this.over = tile.querySelector('[data-part="over"]');
    this.behind = tile.querySelector('[data-part="behind"]');
    this.tile = tile;
    this.captured_s = null;
    this.next = null;
    this.drawing = false;
    this.ended = false;
  }

  take(jpeg, age_s) {
    this.next = { jpeg, captured_s: performance.now() / 1000 - age_s };
    if (!this.drawing) this.draw();
  }

  async draw() {
    this.drawing = true;
    while (this.next) {
      const { jpeg, captured_s } = this.next;
      this.next = null;
      try {
        const picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
        if (this.ended) {
          picture.close();
          break;
        }
        if (this.canvas.width !== picture.width || this.canvas.height !== picture.height) {
          this.canvas.width = picture.width;
          this.canvas.height = picture.height;
        }
        this.canvas.getContext("2d").drawImage(picture, 0, 0);
        picture.close();
        this.captured_s = captured_s;
        this.check();
      } catch {
        // a picture that cannot be read: the next one
      }
    }
    this.drawing = false;
  }

  check() {
    if (this.captured_s === null) return;
    const age_s = performance.now() / 1000 - this.captured_s;
    const stale = age_s >= STALE_S;
    this.tile.classList.toggle("stale", stale);
    this.over.hidden = !stale;
    if (stale) this.over.textContent = `No picture for ${Math.floor(age_s)} s`;
    this.behind.hidden = stale || age_s < BEHIND_S;
    this.behind.textContent = `${age_s.toFixed(1)} s behind`;
    this.tile.dataset.age = age_s.toFixed(3);
  }

  end(words) {
    this.ended = true;
    this.captured_s = this.next = null;
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.behind.hidden = true;
    this.over.hidden = !words;
    this.over.textContent = words;
  }
}

async function* parts(stream) {
  const reader = stream.getReader();
  const read = new Bytes(reader);
  for (;;) {
    const length = await read.take(LENGTH_BYTES);
    if (!length) return;
    const size = new DataView(length.buffer, length.byteOffset).getUint32(0);
    const header = JSON.parse(new TextDecoder().decode(await read.demand(size)));
    const jpeg = header.bytes ? await read.demand(header.bytes) : null;
    yield { header, jpeg };
  }
}

class Bytes {
  constructor(reader) {
    this.reader = reader;
    this.chunks = [];
    this.held = 0;
  }

  /** Returns so many bytes, or null where the stream is over before them. */
  async take(count) {
    while (this.held < count) {
      const { done, value } = await this.reader.read();
      if (done) return null;
      this.chunks.push(value);
      this.held += value.length;
    }
    const taken = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const first = this.chunks[0];
      const part = first.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === first.length) this.chunks.shift();
      else this.chunks[0] = first.subarray(part.length);
    }
    this.held -= count;
    return taken;
  }

  async demand(count) {
    const taken = await this.take(count);
    if (!taken) throw new Error("the stream broke off");
    return taken;
  }
}
