// Activity: less, as usual or more; steps by hand or from the phone's own health file, of which only days and counts are kept.

import { withPart } from "./day.js";
import { stepsOf } from "./health.js";
import { nowSaved } from "./status.js";
import { dayOf, keepEntry } from "./sync.js";
import { today } from "./time.js";
import { h, press, toggle } from "./ui.js";
import { n, t } from "./words.js";

export function activityPart({ entry, edit, told, date, typed }) {
  const levels = [["less", t("Less than usual")], ["usual", t("As usual")], ["more", t("More than usual")]];
  const buttons = levels.map(([level, text]) => toggle(text, entry.parts.activity?.level === level, async (on) => {
    await change({ level: on ? level : undefined });
    buttons.forEach((button, place) => press(button, on && levels[place][0] === level));
  }));
  async function change(part) {
    const activity = { ...(entry.parts.activity ?? {}), ...part };
    for (const [name, value] of Object.entries(activity)) if (value === undefined) delete activity[name];
    await edit(withPart(entry.parts, "activity", Object.keys(activity).length ? activity : null));
  }
  const steps = h("input", { id: "steps", inputmode: "numeric", autocomplete: "off" });
  steps.value = entry.parts.activity?.steps ?? "";
  steps.addEventListener("change", () => {
    const figures = steps.value.replace(/[\s.,'’]/g, ""); // as people write thousands
    const isCount = /^\d{1,6}$/.test(figures) && Number(figures) <= 200_000;
    wrong.textContent = figures !== "" && !isCount ? t("Write a whole number, up to 200 000.") : "";
    if (wrong.textContent) return null;
    return change({ steps: isCount ? Number(figures) : undefined });
  });
  const wrong = h("p", { class: "wrong", role: "alert" });
  typed.push(async () => {
    if (wrong.textContent) steps.focus();
    return !wrong.textContent;
  });
  const file = h("input", { id: "health", type: "file", accept: ".zip,.xml" });
  const says = h("p", { role: "status", class: "soft" });
  file.addEventListener("change", () => bring(file.files[0], says, { date, take: (count) => { steps.value = count; return change({ steps: count }); }, has: () => entry.parts.activity?.steps !== undefined }));
  return h("section", {}, h("h2", {}, t("Activity")), h("div", { class: "choices" }, buttons),
    told.activities.length ? h("p", { class: "soft" }, t("Think of: {activities}.", { activities: told.activities.join(", ") })) : null,
    h("details", {}, h("summary", {}, t("Steps"), h("span", { class: "soft" }, entry.parts.activity?.steps ?? "")),
      h("label", { for: "steps" }, t("Steps that day")), steps, wrong,
      date === today() ? [h("label", { for: "health" }, t("From a health file of the phone (export.zip)")), file,
        h("p", { class: "soft" }, t("The file is read here. Only days and their steps leave the phone, and only for days that have an entry.")), says] : null));
}

/** The steps of a health file, added to the days that have an entry and no steps yet; of the day on the screen, to that. */
async function bring(file, says, open) {
  if (!file) return;
  says.textContent = t("Reading…");
  try {
    let added = 0;
    for (const [date, steps] of await stepsOf(file)) {
      if (date === open.date) {
        if (!open.has()) await open.take(steps);
        continue;
      }
      const { parts, base } = await dayOf(date);
      if (!Object.keys(parts).length || parts.activity?.steps !== undefined) continue;
      await keepEntry(date, { ...parts, activity: { ...(parts.activity ?? {}), steps } }, base);
      added += 1;
    }
    nowSaved();
    says.textContent = n("Steps were added to {count} day.", "Steps were added to {count} days.", added);
    if (added) document.dispatchEvent(new Event("send"));
  } catch (error) {
    says.textContent = t("This file could not be read: {why}", { why: error.message });
  }
}
