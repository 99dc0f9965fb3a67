// Begins the app: the language, the lock, the sign-in, then the screen that the address names; and keeps the state of what
// waits in sight.

import { Later, Refused, SignedOut, ownerOf, session } from "./api.js";
import { joinScreen } from "./join.js";
import { lockScreen } from "./lock.js";
import { followMoves, here, invitationCode } from "./place.js";
import { screens } from "./screens.js";
import { signInScreen } from "./sign-in.js";
import { forgetUnkept, nowSaved, refreshStatus, say, settleLater } from "./status.js";
import { get, isLocked, whenLockChanges } from "./store.js";
import { sync, waiting } from "./sync.js";
import { putRight, today } from "./time.js";
import { h } from "./ui.js";
import { keepWords, speak, t } from "./words.js";

let drawnOn = null;

function drawTabs(name) {
  const all = [["today", "/app", t("Today")], ["calendar", "/app/calendar", t("Calendar")], ["course", "/app/course", t("Course")], ["more", "/app/more", t("More")]];
  const tabs = document.getElementById("tabs");
  tabs.hidden = false;
  document.body.classList.add("in");
  tabs.replaceChildren(...all.map(([tab, address, text]) => h("a", { href: address, "aria-current": name === tab ? "page" : null }, text)));
}

function hideTabs() {
  document.getElementById("tabs").hidden = true;
  document.body.classList.remove("in");
}

let drawing = Promise.resolve();

/** Draws what the address names, one after the other: a screen that is late never takes the place of a newer one. */
export function draw() {
  drawing = drawing.then(drawNow, drawNow);
  return drawing;
}

/** Who is not signed in, or has the phone locked, is asked first. */
async function drawNow() {
  const { name, rest } = here();
  document.getElementById("screen").removeAttribute("aria-busy"); // of what was left
  if (await isLocked()) {
    hideTabs();
    return lockScreen(draw);
  }
  const who = await session();
  if (name === "join" && !who) {
    hideTabs();
    return joinScreen(invitationCode(), begin);
  }
  if (!who || name === "sign-in" || (await get("meta", "owner")) !== ownerOf(who)) {
    hideTabs();
    return signInScreen(begin);
  }
  document.documentElement.dataset.signedIn = "";
  drawnOn = today();
  drawTabs(name);
  await (screens[name] ?? screens.today)(rest, { again: draw, leave });
  return refreshStatus();
}

/** After a sign-in: the address is the day's, and what is known of it is fetched. */
async function begin() {
  await refreshStatus();
  history.replaceState(null, "", "/app");
  if (!(await get("meta", "today"))) await send(); // where pain is asked for is known from then on
  await draw();
  await send();
}

async function leave() {
  delete document.documentElement.dataset.signedIn;
  history.replaceState(null, "", "/app");
  forgetUnkept();
  say("");
  await draw();
}

/** Sends and reads what there is to; without a connection it is tried again when there is one. */
export async function send() {
  if ((await isLocked()) || !(await session())) return;
  const before = JSON.stringify((await get("meta", "today"))?.told ?? null);
  const waits = (await waiting()).length; // also what was written before a restart
  try {
    await sync();
    if (waits) nowSaved();
    await refreshStatus();
    document.dispatchEvent(new Event("sent"));
  } catch (error) {
    if (error instanceof SignedOut) await refreshStatus({ signedOut: true });
    else if (error instanceof Later || error instanceof Refused) await Promise.all([refreshStatus({ away: true }), waits && inBackground()]);
    else if (error?.name !== "QuotaExceededError") throw error; // what is saved says itself that it is not kept
  }
  const after = JSON.stringify((await get("meta", "today"))?.told ?? null);
  if (before !== after && drawnOn !== null) await redraw();
}

/** Has the browser send what waits as soon as it can, also when the app is closed by then; where it can't, on the next opening. */
async function inBackground() {
  try {
    const worker = await navigator.serviceWorker?.getRegistration("/app");
    await worker?.sync?.register("send");
  } catch {
    // it is sent when the app is opened
  }
}

/** Draws the day anew where something new is told, but not under the hand of somebody who writes. */
async function redraw() {
  const writes = document.activeElement?.matches("input, textarea, select") || document.querySelector("dialog[open], .stays");
  const isDay = here().name === "today";
  if (!isDay || writes || document.querySelector(".danger") || (await get("meta", `draft ${today()}`))) return;
  const screen = document.getElementById("screen");
  const place = screen.scrollTop;
  await draw();
  screen.scrollTop = place;
}

async function register() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/app/worker.js", { type: "module", scope: "/app" });
    await navigator.serviceWorker.ready;
    await keepWords();
  } catch {
    // without it the app works while there is a connection
  }
}

async function start() {
  putRight((await get("meta", "skew").catch(() => 0)) ?? 0);
  await speak(await get("meta", "language").catch(() => null)).catch(() => {});
  settleLater(send);
  whenLockChanges(() => location.reload());
  followMoves(draw);
  await draw();
  addEventListener("online", send);
  document.addEventListener("send", send);
  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState !== "visible") return;
    if (drawnOn && drawnOn !== today() && here().name === "today") await draw();
    await send();
  });
  await send();
  await register();
  navigator.storage?.persist?.().catch(() => {});
}

start();
