// Reminders: a push at a time of one's choice where the browser has it, an alarm for the phone's calendar where not.

import { ask } from "./api.js";
import { reading } from "./reading.js";
import { reasonOf } from "./reasons.js";
import { today } from "./time.js";
import { h, once, save } from "./ui.js";
import { spoken, t } from "./words.js";

function canPush() {
  return "PushManager" in window && "serviceWorker" in navigator && "Notification" in window;
}

function bytes(base64) {
  const text = atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (one) => one.charCodeAt(0));
}

/** Lets this browser be reached; false where it can't or may not. */
async function subscribe() {
  const { key } = await ask("/v1/push_key");
  if (!key || !canPush() || (await Notification.requestPermission()) !== "granted") return false;
  const worker = await navigator.serviceWorker.ready;
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const { endpoint, keys } = made.toJSON();
  await ask("/v1/addresses", { method: "POST", json: { channel: "push", endpoint, keys, locale: spoken() } });
  return true;
}

/** A daily alarm that any calendar takes: at the phone's own time, wherever it is. */
function alarmFile(time) {
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const start = `${today().replaceAll("-", "")}T${time.replace(":", "")}00`;
  return ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Reprieve//diary//EN", "BEGIN:VEVENT", `UID:diary-${time.replace(":", "")}@reprieve`,
    `DTSTAMP:${stamp}`, `DTSTART:${start}`, "DURATION:PT5M", "RRULE:FREQ=DAILY", `SUMMARY:${t("Diary: how was today?")}`, "TRANSP:TRANSPARENT",
    "BEGIN:VALARM", "ACTION:DISPLAY", `DESCRIPTION:${t("Diary: how was today?")}`, "TRIGGER:PT0M", "END:VALARM", "END:VEVENT", "END:VCALENDAR", ""].join("\r\n");
}

/** The form of a reminder, as it stands; `done` is called once it is set. */
export function reminderForm(done, at = "20:00") {
  const time = h("input", { id: "time", type: "time", value: at, required: true });
  const says = h("p", { role: "alert" });
  const form = h("form", { class: "card" }, h("label", { for: "time" }, t("Time of the day")), time, says,
    h("button", { class: "main" }, t("Remind me")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    says.textContent = "";
    try {
      const reached = await subscribe().catch(() => false);
      if (!reached) {
        save("reprieve.ics", alarmFile(time.value), "text/calendar");
        says.textContent = t("This browser can't be reached from outside. Open the file that was saved: your calendar will remind you.");
        return;
      }
      const json = { at: time.value, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
      await ask("/v1/me/reminder", { method: "PUT", json });
      await done();
    } catch (error) {
      says.textContent = reasonOf(error);
    }
  });
  return form;
}

export async function reminderScreen(_named, { again }) {
  const says = h("p", { class: "wrong", role: "alert" });
  const doing = (path, options) => once(async () => {
    try {
      await ask(path, options);
      await again();
    } catch (error) {
      says.textContent = reasonOf(error);
    }
  });
  reading(t("Reminder"), async () => {
    const held = await ask("/v1/me/reminder");
    return [
      held ? h("p", {}, t("You are reminded at {time}, at most once a day, and not when you have written already.", { time: held.at })) : h("p", {}, t("You have no reminder.")), says,
      held ? h("p", { class: "choices" },
        h("button", { type: "button", onclick: doing("/v1/me/reminder/later", { method: "POST", json: { minutes: 60 } }) }, t("Remind me in an hour")),
        h("button", { type: "button", onclick: doing("/v1/me/reminder", { method: "DELETE" }) }, t("No more reminders"))) : null,
      reminderForm(again, held?.at),
      h("p", {}, h("button", { type: "button", onclick: () => save("reprieve.ics", alarmFile(document.getElementById("time").value), "text/calendar") }, t("An alarm for my calendar instead")))];
  });
}
