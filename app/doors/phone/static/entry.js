// The day's entry on one screen. What is tapped is kept as a draft at once, so that nothing is lost before it is saved.

import { activityPart } from "./activity.js";
import { asksPart } from "./asks.js";
import { adviceFor } from "./danger.js";
import { isEmpty, together } from "./day.js";
import { effectsPart } from "./effects.js";
import { consentScreen } from "./join.js";
import { kept } from "./keep.js";
import { medicinesPart } from "./medicines.js";
import { painPart, sitesOf } from "./pain.js";
import { isKept, notSaved, nowSaved, refreshStatus, say, sayUnkept } from "./status.js";
import { change, get, put, remove } from "./store.js";
import { dayOf, dropEntry, eraseEntry, moveEntry, readRange } from "./sync.js";
import { callButtons, dangerBox, nothingKnown, sentenceFor } from "./tells.js";
import { clockIsWrong, plus, today } from "./time.js";
import { ask, h, press, show, showAct, toggle } from "./ui.js";
import { day as inWords, t } from "./words.js";

/** Draws the entry of a day; of today where none is named. */
export async function entryScreen(named, { again }) {
  const date = isDay(named) && named <= today() ? named : today();
  const told = (await get("meta", "today"))?.told ?? nothingKnown(date);
  const held = await dayOf(date);
  const draft = await get("meta", `draft ${date}`);
  const seen = { parts: held.parts, version: held.version };
  const entry = { parts: draft?.parts ?? held.parts, base: draft?.base ?? held.base, seen: draft?.seen ?? seen };
  const before = (await dayOf(plus(date, -1))).parts;
  const sites = await sitesOf(told, entry.parts);
  const box = h("div", { "aria-live": "assertive" });
  const after = h("div", {});

  async function edit(parts) {
    entry.parts = parts;
    try {
      await put("meta", `draft ${date}`, { date, parts, base: entry.base, seen: entry.seen });
    } catch (error) { // on a full phone it stays on the screen alone
      return notKept(date, error);
    }
    return notSaved(date);
  }
  /** Saves the day; answers whether something is shown that must stay in sight. */
  async function save() {
    for (const take of context.typed) if (!(await take())) return true; // what is wrong stands beside it
    if (isEmpty(entry.parts)) return takeBack(date, again);
    const sent = entry.parts;
    const record = await kept(date, sent, entry);
    const more = entry.parts !== sent; // was tapped meanwhile
    Object.assign(entry, { parts: together(record.parts, sent, entry.parts), seen: { parts: record.parts, version: record.version } });
    if (more) await edit(entry.parts);
    await tell();
    if (record.parts !== sent && !box.childElementCount) await again(); // another window has written too
    document.dispatchEvent(new Event("send"));
    return box.childElementCount > 0 || afterFirst();
  }
  async function tell() {
    const now = (await get("meta", "today"))?.told ?? told;
    const advice = await adviceFor(date, entry.parts, now, (await dayOf(plus(date, -1))).parts).catch(() => null);
    if (advice?.length) warn(advice, now.call);
    else box.replaceChildren();
    after.replaceChildren(...(advice === null ? [h("p", {}, t("If something frightens you, call.")), ...callButtons(now.call).filter(Boolean)]
      : advice.length ? [] : [h("p", { class: "says", role: "note" }, sentenceFor(now, date))]));
  }
  function warn(advice, call) {
    box.replaceChildren(dangerBox(advice, call));
    box.firstElementChild.scrollIntoView({ block: "start" });
    box.firstElementChild.focus();
  }
  /** What the service has to say of a saved day, where the phone did not know it. */
  async function hear() {
    if (!box.isConnected) return document.removeEventListener("sent", hear);
    const { advice } = await dayOf(date);
    if (advice && !box.childElementCount) warn([advice], ((await get("meta", "today"))?.told ?? told).call);
    return null;
  }
  document.addEventListener("sent", hear);
  async function afterFirst() {
    const now = (await get("meta", "today"))?.told;
    if (!now?.asked.consents.length || now.by_proxy || (await get("meta", "asked consents"))) return false;
    await put("meta", "asked consents", true);
    await consentScreen(again);
    return true;
  }
  const context = { date, told, sites, before, entry, edit, save, again, scores: new EventTarget(), typed: [] };
  const isToday = date === today();
  show(
    box,
    h("h1", {}, isToday ? t("Today, {day}", { day: inWords(date) }) : inWords(date)),
    isToday ? h("p", { class: "says" }, sentenceFor(told, date)) : null,
    clockIsWrong() ? h("p", { class: "wrong" }, t("The clock of this phone is set wrong. Entries get the right day: {day}.", { day: inWords(today()) })) : null,
    held.refused ? refusedPart(held, again) : null,
    painPart(context),
    flarePart(context),
    medicinesPart(context),
    activityPart(context),
    effectsPart(context),
    notePart(context),
    after,
    isToday ? await asksPart(told, again) : null,
    isToday ? h("p", {}, h("a", { href: `/app/day/${plus(date, -1)}` }, t("Write for yesterday"))) : h("p", {}, h("a", { href: "/app" }, t("Back to today"))),
  );
  if (!isToday && !held.version && !held.base && !draft) readDay(date, again);
  showAct(h("button", { type: "button", class: "main", onclick: () => save().catch((error) => notKept(date, error)) }, t("Save")));
}

/** A day of which nothing lies here yet: what the service has of it is drawn, unless the patient has begun to write. */
async function readDay(date, again) {
  const path = location.pathname;
  await readRange(date, date).catch(() => null);
  if ((await dayOf(date)).base && location.pathname === path && !(await get("meta", `draft ${date}`))) await again();
}

/** A day from which everything was taken away again: its entry is deleted, once the patient has said so. */
async function takeBack(date, again) {
  const held = await dayOf(date);
  if (!held.base && !held.waits) return say(t("There is nothing to save yet."), true);
  const chosen = await ask(t("Delete the entry of {day}?", { day: inWords(date) }), h("p", {}, t("Your clinic keeps what you wrote before, marked as deleted.")),
    [["back", t("Back")], ["delete", t("Delete it"), "main"]]);
  if (chosen !== "delete") return null;
  await eraseEntry(date);
  await remove("meta", `draft ${date}`);
  isKept(date);
  nowSaved();
  await refreshStatus();
  document.dispatchEvent(new Event("send"));
  await again();
  return null;
}

/** A day of the calendar, as an address names it. */
function isDay(named) {
  return /^\d{4}-\d{2}-\d{2}$/.test(named) && !Number.isNaN(Date.parse(named)) && plus(named, 0) === named;
}

function notKept(date, error) {
  sayUnkept(date, error?.name === "QuotaExceededError"
    ? t("The storage of this phone is full: the entry is not kept. Free some space, then save again.")
    : t("The entry is not kept: {why}", { why: error?.message ?? "?" }));
}

function refusedPart(held, again) {
  return h("section", { class: "danger" },
    h("h2", {}, t("This entry was not taken")),
    h("p", {}, held.refused),
    h("p", { class: "choices" },
      held.date === today() ? null : h("button", { type: "button", onclick: async () => { await moveEntry(held.date, today()); await again(); document.dispatchEvent(new Event("send")); } }, t("It is about today")),
      h("button", { type: "button", onclick: async () => { await change("days", held.date, (one) => ({ ...one, refused: null })); document.dispatchEvent(new Event("send")); await again(); } }, t("Send it again")),
      h("button", { type: "button", onclick: async () => { await dropEntry(held.date); await again(); } }, t("Remove it"))));
}

function flarePart({ entry, edit }) {
  const button = toggle(t("Flare-up today"), entry.parts.flare_up === true, async (on) => {
    press(button, on);
    await edit({ ...entry.parts, flare_up: on });
  });
  return h("p", {}, button);
}

function notePart({ entry, edit }) {
  const field = h("textarea", { id: "note", maxlength: "4000" });
  field.value = entry.parts.note ?? "";
  field.addEventListener("input", () => edit({ ...entry.parts, note: field.value }));
  return h("div", {}, h("label", { for: "note" }, t("Note")), field);
}
