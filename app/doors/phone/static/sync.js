// What waits on the phone goes out, and what others have written comes in. An entry is kept here before anything is sent,
// stays until the service has answered for it, and is sent again in the same words where an answer is lost.
//
// A day's record: { date, parts, base, version, waits, recorded_at, refused, advice }
//   parts        the entry as it stands on this phone
//   base         the service's revision that it was changed from; 0 where the day had none
//   own          the revision of what was last sent from here
//   gone         the patient has deleted the entry, and the service has not heard of it yet
//   version      counts the changes made here, so that one made while sending is not taken for sent

import { Refused, SignedOut, ask, bodyOf, call, ownerOf, session } from "./api.js";
import { isEmpty, partsOf, together } from "./day.js";
import { all, alone, change, get, put, remove } from "./store.js";
import { plus, today, written } from "./time.js";
import { spoken } from "./words.js";

const AT_ONCE = 200; // entries in one call
const ROUNDS = 20;

/**
 * Keeps an entry on the phone; it waits from then on. The latest change of a day is later than those before it.
 * `base` is the revision that the writer saw when they began, not what has come in since: that is nobody's change here.
 * `seen` is the day's record as it stood here then: what another window has written since comes together with this.
 */
export async function keepEntry(date, mine, base, seen) {
  return change("days", date, (held) => {
    const parts = seen && held && held.version !== seen.version ? together(held.parts, seen.parts, mine) : mine;
    const last = held?.recorded_at ? Date.parse(held.recorded_at) : 0;
    let recorded = written();
    if (Date.parse(recorded) <= last) recorded = written(new Date(last + 1));
    return {
      ...held,
      date,
      parts,
      base: Math.max(base ?? held?.base ?? 0, held?.own ?? 0),
      version: (held?.version ?? 0) + 1,
      waits: true,
      recorded_at: recorded,
      refused: null,
      gone: false,
      advice: null,
    };
  });
}

/** Takes an entry back; the service is told as soon as it can be, if it may have heard of it. */
export async function eraseEntry(date) {
  return change("days", date, (held) => ({
    ...held, date, parts: {}, version: (held?.version ?? 0) + 1, waits: false, refused: null, advice: null, gone: true,
  }));
}

/** A day as it stands here: its record, or an empty one. */
export async function dayOf(date) {
  return (await get("days", date)) ?? { date, parts: {}, base: 0, version: 0, waits: false, refused: null };
}

export async function waiting() {
  return (await all("days")).filter((one) => (one.waits || one.gone) && !one.refused);
}

export async function refused() {
  return (await all("days")).filter((one) => one.refused);
}

/** Sends what waits, then reads the day, where somebody `reads` it. Raises `Later` without a connection, `SignedOut` where one must sign in again. */
export function sync(reads = true) {
  return alone("sync", async () => {
    const who = await session();
    if (!who || (await get("meta", "owner")) !== ownerOf(who)) throw new SignedOut();
    for (let round = 0; round < ROUNDS; round += 1) {
      const attempt = (await get("meta", "attempt")) ?? (await newAttempt());
      if (!attempt) break;
      await stillSignedIn(who);
      await send(attempt, who.patient_id);
      await remove("meta", "attempt");
    }
    for (const one of await waiting()) {
      await stillSignedIn(who);
      if (one.gone) await sayGone(one, who.patient_id);
    }
    return reads ? pull(who) : null;
  });
}

/** What is about to be sent, kept with its key: sent again it is the same call. */
async function newAttempt() {
  const held = (await waiting()).filter((one) => !one.gone).slice(0, AT_ONCE);
  if (!held.length) return null;
  const entries = held.map((one) => ({
    date: one.date,
    ...one.parts,
    recorded_at: one.recorded_at,
    sent_at: written(),
    based_on: one.base,
  }));
  const versions = held.map((one) => [one.date, one.version]);
  const attempt = { key: freshKey(), versions, body: JSON.stringify({ entries }) };
  await put("meta", "attempt", attempt);
  return attempt;
}

/** Where the page is not served over TLS the browser makes no ids by itself. */
function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
}

async function send(attempt, patient) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": attempt.key };
  let items;
  try {
    ({ items } = await ask(`/v1/patients/${patient}/diary`, { method: "POST", headers, body: attempt.body }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // the call as a whole is not taken: each entry says so, and stays
    items = attempt.versions.map(() => ({ status: "rejected", problem: error.problem, detail: error.message }));
  }
  for (const [place, item] of items.entries()) {
    const [date, version] = attempt.versions[place];
    await change("days", date, (held) => answered(held, version, item));
  }
}

/** Deletes at the service what was deleted here, where it has it; a call that was under way has been answered by now. */
async function sayGone({ date, version, base, own }, patient) {
  try {
    if (base || own) await call(`/v1/patients/${patient}/diary/${date}`, { method: "DELETE" });
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error; // somebody else has deleted it
  }
  await change("days", date, (held) => (held?.version === version ? undefined : held));
}

function answered(held, version, item) {
  if (!held) return held;
  if (item.status === "rejected") {
    const why = item.problem?.errors?.[0];
    const says = why ? `${why.pointer.replaceAll("/", " ").trim()}: ${why.detail}` : item.problem?.detail ?? item.detail;
    return held.version === version ? { ...held, refused: says ?? "?" } : held;
  }
  const told = { ...held, base: item.revision, own: item.revision, refused: null, advice: item.advice ?? null };
  if (held.version === version) told.waits = false;
  told.behind = item.current !== item.revision; // others have written too: the day is read anew
  return told;
}

/** Reads the day and all that is asked; and each day that others have written to. */
async function pull(who) {
  const held = await get("meta", "today");
  const asked = `${new URLSearchParams({ on: today(), language: spoken() })}`;
  const headers = held?.asked === asked && held.etag ? { "If-None-Match": held.etag } : {};
  const answer = await call(`/v1/me/today?${asked}`, { headers });
  const told = answer.status === 304 ? held.told : await bodyOf(answer);
  if (told.patient_id !== who.patient_id) throw new SignedOut(); // the account writes for somebody else by now
  await stillSignedIn(who);
  if (answer.status !== 304) await put("meta", "today", { told, asked, etag: answer.headers.get("ETag") });
  await take(told.date, told.today);
  await take(plus(told.date, -1), told.yesterday);
  for (const one of await all("days")) {
    if (!one.behind || one.waits || one.date === told.date || one.date === plus(told.date, -1)) continue;
    await readDays(who, one.date, one.date);
  }
  return told;
}

/** Who has signed out meanwhile leaves nothing behind: what comes in late is not kept. */
async function stillSignedIn(who) {
  const now = await session();
  if (!now || ownerOf(now) !== ownerOf(who)) throw new SignedOut();
}

async function readDays(who, first, last) {
  const { items } = await ask(`/v1/patients/${who.patient_id}/diary?${new URLSearchParams({ from: first, to: last })}`);
  await stillSignedIn(who);
  for (const entry of items) await take(entry.date, entry);
  if (first === last && !items.length) await take(first, null);
}

/** The service's entry of a day in place of the phone's, unless that one still waits. */
export function take(date, entry) {
  return change("days", date, (held) => {
    if (held?.waits || held?.refused || held?.gone) return held;
    if (!entry && !held) return undefined;
    const parts = partsOf(entry);
    if (!entry && isEmpty(held.parts)) return { ...held, base: 0, behind: false };
    return { ...held, date, parts, base: entry?.revision ?? 0, version: held?.version ?? 0, waits: false, refused: null, behind: false };
  });
}

/** The days of a range, from the service. */
export async function readRange(first, last) {
  const who = await session();
  if (!who) throw new SignedOut();
  await readDays(who, first, last);
}

/** An entry that was not taken, moved to another day: what that day lacks is added to it, and it waits. */
export async function moveEntry(from, to) {
  const [held, there] = [await get("days", from), await dayOf(to)];
  const draft = await get("meta", `draft ${to}`);
  const now = draft?.parts ?? there.parts;
  const { moments: _elsewhere, ...moved } = held.parts; // noted at another time than that day
  const note = [now.note, moved.note].filter(Boolean).join("\n");
  await keepEntry(to, { ...moved, ...now, ...(note ? { note } : {}) }, draft?.base ?? there.base);
  for (const date of [from, to]) await remove("meta", `draft ${date}`);
  await dropEntry(from);
}

/** Takes an entry that was not taken off the phone; what the service has of that day is read again. */
export async function dropEntry(date) {
  await change("days", date, (held) => (held?.base ? { ...held, parts: {}, base: 0, own: 0, waits: false, refused: null, behind: true } : undefined));
}
