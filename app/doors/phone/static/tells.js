// What is shown at once after saving: danger first, with whom to call; otherwise one sentence on where things stand.

import { h } from "./ui.js";
import { t } from "./words.js";

export function dangerBox(advice, call) {
  return h("section", { class: "danger", role: "alert", tabindex: "-1" },
    h("h2", {}, t("Please read this now")),
    advice.map((one) => h("p", {}, one)),
    callButtons(call));
}

/** Whom to call, with a touch. */
export function callButtons(call) {
  return [
    call.phone ? h("a", { class: "button", href: `tel:${call.phone.replace(/[^+\d]/g, "")}` }, t("Call your clinic: {number}", { number: call.phone })) : null,
    h("a", { class: "button", href: `tel:${call.emergency.replace(/[^+\d]/g, "")}` }, t("Emergency: {number}", { number: call.emergency })),
  ];
}

/** The sentence of a day, from what was last told; there is one for each day of a month without a signal. */
export function sentenceFor(told, date) {
  return told.sentences.filter((one) => one.from_on <= date).at(-1)?.says ?? told.says;
}

/** What is told where nothing was ever read: the app has just been opened without a signal. */
export function nothingKnown(today) {
  return {
    date: today, sites: [], treatments: [], medicines: [], open_side_effects: [], activities: [], logged_on: [], sentences: [], says: "",
    plan: [], appointment: null, own_rules: [], call: { clinic: "", phone: null, emergency: "112" },
    asked: { question: null, form: null, offers: [], consents: [] },
  };
}
