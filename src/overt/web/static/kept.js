// What the browser keeps for a page; one that keeps nothing has none of it.

/** Returns what was kept, or null. */
export function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Returns what was kept as JSON, or null. */
export function readJson(key) {
  try {
    return JSON.parse(read(key));
  } catch {
    return null; // what cannot be read is nothing of ours
  }
}

export function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // a browser that keeps nothing: it holds until the page is left
  }
}
