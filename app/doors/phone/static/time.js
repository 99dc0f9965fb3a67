// Days and instants by the phone's calendar, and by a clock that is put right where the phone's is badly wrong.

const WRONG = 2 * 3_600_000; // from here on the phone's clock is not a little off but set wrong
let skew = 0;

/** How far the phone's clock is behind, in milliseconds; little is left as it is. */
export function putRight(milliseconds) {
  skew = Math.abs(milliseconds) > WRONG ? milliseconds : 0;
}

export function clockIsWrong() {
  return skew !== 0;
}

export function now() {
  return new Date(Date.now() + skew);
}

/** Today by the phone's calendar, as YYYY-MM-DD. */
export function today() {
  return dateOf(now());
}

export function dateOf(at) {
  return `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** An instant with the offset of where the phone is: 2026-05-01T21:14:00.000+02:00. */
export function written(at = now()) {
  const minutes = -at.getTimezoneOffset();
  const offset = `${minutes < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${dateOf(at)}T${clock}.${String(at.getMilliseconds()).padStart(3, "0")}${offset}`;
}

export function plus(date, days) {
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

export function daysBetween(first, last) {
  return Math.round((Date.parse(`${last}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / 86_400_000);
}

function two(value) {
  return String(value).padStart(2, "0");
}
