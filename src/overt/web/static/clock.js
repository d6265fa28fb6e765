// The service's clock, which every page goes by: the one of a phone or a desk may be wrong.

import { readJson } from "./kept.js";

export const STANDING = "overt.standing"; // where an officer was, and how far the clock was off

// How far it is off is known from the page, and without a network from before.
const served = Date.parse(document.body.dataset.now ?? "");

export const skew_ms = served ? served - Date.now() : (readJson(STANDING)?.skew ?? 0);

/** The time by the service's clock. */
export const now = () => new Date(Date.now() + skew_ms);
