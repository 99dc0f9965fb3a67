// The one line that says how it stands with what was written: kept, waiting, not taken, or lost if nothing is done.

import { blocked } from "./store.js";
import { refused, waiting } from "./sync.js";
import { n, t } from "./words.js";

let saved = false;
const unkept = new Map(); // day -> why what was tapped of it could not be kept
let timer = null;
let again = () => {};
const [SOON, LATE] = [1_000, 30_000]; // milliseconds until what waits is tried again, twice as long each time
let pause = SOON;

/** What to do when something waits and nothing has told that there is a connection again. */
export function settleLater(send) {
  again = send;
}

export function say(text, wrong = false) {
  const line = document.getElementById("status");
  if (line.textContent !== text) line.textContent = text;
  line.classList.toggle("wrong", wrong);
}

/** From now on "Saved" is said as soon as nothing waits. */
export function nowSaved() {
  saved = true;
  pause = SOON;
}

/** What was tapped of a day could not be kept. That stands there, whatever is sent or read meanwhile, until it is. */
export function sayUnkept(date, why) {
  unkept.set(date, why);
  say(why, true);
}

/** The phone has kept what was tapped of a day. */
export function isKept(date) {
  unkept.delete(date);
}

/** Whoever comes next is told nothing of what somebody else could not keep. */
export function forgetUnkept() {
  unkept.clear();
}

/** Something of a day was tapped, and kept, that is not saved yet: "Saved" is not said of it. */
export async function notSaved(date) {
  if (!saved && !unkept.has(date)) return;
  saved = false;
  isKept(date);
  await refreshStatus();
}

export async function refreshStatus({ signedOut = false, away = false } = {}) {
  clearTimeout(timer);
  const [waits, not] = [await waiting(), await refused()];
  const link = document.getElementById("again");
  link.hidden = !signedOut;
  link.textContent = t("Sign in again");
  if (waits.length && !signedOut) {
    timer = setTimeout(again, pause);
    pause = Math.min(2 * pause, LATE);
  }
  if (unkept.size) return say([...unkept.values()].at(-1), true);
  if (blocked && waits.length) return say(t("This browser keeps nothing on the phone. Stay on this page until it says Saved."), true);
  if (not.length) return say(n("{count} entry was not taken. Open it to see why.", "{count} entries were not taken. Open them to see why.", not.length), true);
  if (waits.length && signedOut) return say(t("Sign in again to send what waits: {count}", { count: waits.length }), true);
  if (signedOut) return say(t("Sign in again to see what is new."), true);
  if (waits.length) return say(t("Waiting for a connection: {count}", { count: waits.length }));
  pause = SOON;
  if (saved) return say(t("Saved"));
  return say("");
}
