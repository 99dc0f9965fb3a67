// Calls of the service: signed in by a token that is renewed by itself, with failures told apart by what can be done.

import { alone, get, put, remove } from "./store.js";
import { now, putRight } from "./time.js";

/** No answer came, or one that says "later". */
export class Later extends Error {}
/** The sign-in has run out, or was ended from elsewhere. */
export class SignedOut extends Error {}
/** The service says no, and why: a problem of RFC 9457. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.errors?.[0]?.detail ?? problem?.detail ?? String(status));
    this.status = status;
    this.problem = problem ?? {};
  }
}

const LATER = new Set([408, 429]); // and whatever is wrong with the service itself, or between here and there
const SOON = 60_000; // a token that ends within a minute is renewed first
const PATIENCE = 30_000; // for an answer, however slow the line

async function reach(path, options) {
  if (!navigator.onLine) throw new Later("no connection");
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE), ...options });
  } catch {
    throw new Later("no connection");
  }
  if (answer.headers.has("No-Connection")) throw new Later("no connection"); // the worker says so, without a fault in the console
  const told = Date.parse(answer.headers.get("Date") ?? "");
  if (!Number.isNaN(told)) {
    putRight(told - Date.now());
    await put("meta", "skew", told - Date.now()).catch(() => {});
  }
  return answer;
}

function isLater(answer) {
  return LATER.has(answer.status) || answer.status >= 500;
}

/** The body of an answer; one that breaks off half way is none. */
export async function bodyOf(answer) {
  try {
    return await answer.json();
  } catch {
    throw new Later("the answer broke off");
  }
}

/** What the service says is wrong; a page of something between here and there says nothing about the entry. */
async function refusal(answer) {
  const isProblem = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
  return isProblem ? new Refused(answer.status, await bodyOf(answer)) : new Later(String(answer.status));
}

/** A call that needs no sign-in; the answer's body. */
export async function open(path, options = {}) {
  const answer = await reach(path, options);
  if (isLater(answer) && answer.status !== 429) throw new Later(String(answer.status));
  if (!answer.ok) throw await refusal(answer);
  return answer.status === 204 ? null : bodyOf(answer);
}

export function session() {
  return get("meta", "session");
}

/** Signs in with what the form of OAuth 2 takes; answers the session, which is not kept yet. */
export async function signIn(fields) {
  const body = new URLSearchParams({ grant_type: "password", device: deviceName(), ...fields });
  return sessionOf(await open("/v1/token", { method: "POST", body }), { username: fields.username });
}

/** Whose the tokens are that a sign-in answered: the account's, and the patient's whose diary it writes. */
export async function sessionOf(told, who) {
  const session = { ...who, access: told.access_token, refresh: told.refresh_token, until: +now() + 1000 * told.expires_in };
  const headers = { Authorization: `Bearer ${session.access}` };
  const me = await open("/v1/me", { headers });
  if (me.role !== "patient") throw new Refused(403, { detail: "not a patient" });
  const { items } = await open("/v1/me/acts_for", { headers });
  const acts = items.find((one) => one.patient_id === me.patient_id) ?? (me.patient_id === null ? items[0] : null);
  if (acts) session.for = acts.patient_id; // said with each call: the account may be let act for others as well
  const patient = acts?.patient_id ?? me.patient_id;
  if (!patient) throw new Refused(403, { detail: "not a patient" });
  return { ...session, account_id: me.account_id, patient_id: patient };
}

/** Whose what lies on the phone is: an account may come to write for another patient. */
export function ownerOf(session) {
  return `${session.account_id} ${session.patient_id}`;
}

export function deviceName() {
  const data = navigator.userAgentData;
  const brand = data?.brands?.find((one) => !/not.?a.?brand|chromium/i.test(one.brand))?.brand;
  return `Reprieve on ${data?.platform || /iPhone|iPad|Android|Mac|Windows|Linux/.exec(navigator.userAgent)?.[0] || "a phone"}${brand ? ` (${brand})` : ""}`;
}

async function renewed(stale) {
  return alone("token", async () => {
    const held = await session();
    if (!held) throw new SignedOut();
    if (held.access !== stale) return held; // another window was quicker
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: held.refresh });
    const answer = await reach("/v1/token", { method: "POST", body });
    if (isLater(answer)) throw new Later(String(answer.status));
    if (!answer.ok) throw new SignedOut();
    const told = await bodyOf(answer);
    const next = { ...held, access: told.access_token, refresh: told.refresh_token, until: +now() + 1000 * told.expires_in };
    await put("meta", "session", next);
    return next;
  });
}

/** A call as who is signed in; the answer itself, whose status is below 400. */
export async function call(path, { method = "GET", json, headers = {}, body } = {}) {
  let held = await session();
  if (!held) throw new SignedOut();
  if (held.until - now() < SOON) held = await renewed(held.access);
  for (const last of [false, true]) {
    const sent = {
      ...headers,
      Authorization: `Bearer ${held.access}`,
      ...(held.for && path !== "/v1/token" ? { "Reprieve-For": held.for } : {}),
      ...(json === undefined ? {} : { "Content-Type": "application/json" }),
    };
    const answer = await reach(path, { method, headers: sent, body: json === undefined ? body : JSON.stringify(json) });
    if (answer.status === 401 && !last) {
      held = await renewed(held.access);
      continue;
    }
    if (answer.status === 401) throw new SignedOut();
    if (isLater(answer)) throw new Later(String(answer.status));
    if (answer.status >= 400) throw await refusal(answer);
    return answer;
  }
  return null;
}

/** The same, and its body. */
export async function ask(path, options) {
  const answer = await call(path, options);
  return answer.status === 204 || answer.status === 304 ? null : bodyOf(answer);
}

/** Ends the sign-in here; the service is told where it can be reached. */
export async function signOut() {
  await call("/v1/token", { method: "DELETE" }).catch(() => {});
  await remove("meta", "session");
  localStorage.removeItem("signed-in");
}
