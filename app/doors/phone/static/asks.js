// What is asked of the patient: the question of a likely return, a questionnaire, an appointment, a freed slot.

import { ask as call, session } from "./api.js";
import { reasonOf } from "./reasons.js";
import { get, put } from "./store.js";
import { today } from "./time.js";
import { ask, h, once } from "./ui.js";
import { agreed, instant, t } from "./words.js";

export async function asksPart(told, again) {
  const { question, form, offers } = told.asked;
  const cards = [
    question ? questionCard(question, again) : null,
    ...offers.map((one) => offerCard(one, again, told.time_zone)),
    told.appointment ? appointmentCard(told.appointment, again, { zone: told.time_zone }) : null,
    form ? formCard(form, again) : null,
  ].filter(Boolean);
  return cards.length ? h("section", {}, h("h2", {}, t("For you")), cards) : null;
}

/** Does something that needs a connection; what went wrong is said in the card. */
function doing(work, again, says) {
  return once(async () => {
    says.textContent = "";
    try {
      await work();
      document.dispatchEvent(new Event("send"));
      const held = await get("meta", "today");
      if (held) await put("meta", "today", { ...held, etag: null });
      await again();
    } catch (error) {
      says.textContent = reasonOf(error);
    }
  });
}

function card(title, body, choices, level = "h3") {
  return h("section", { class: "card" }, h(level, {}, title), body, choices);
}

function questionCard(question, again) {
  const says = h("p", { class: "wrong", role: "alert" });
  const answer = (given) => doing(async () => {
    await call(`/v1/flags/${question.flag_id}/answer`, { method: "POST", json: { answer: given } });
    await forgetAsked("question", null);
  }, again, says);
  return card(t("Has the old pain come back?"), h("p", {}, t("Your scores have been higher of late.")), [
    h("p", { class: "choices" },
      h("button", { type: "button", onclick: answer("pain_is_back") }, t("Yes, it is back")),
      h("button", { type: "button", onclick: answer("a_bad_spell") }, t("It is a bad spell")),
      h("button", { type: "button", onclick: answer("no_change") }, t("No, it is as before")),
      h("button", { type: "button", onclick: answer("not_sure") }, t("I am not sure"))), says]);
}

async function forgetAsked(name, value) {
  const held = await get("meta", "today");
  if (held) await put("meta", "today", { ...held, told: { ...held.told, asked: { ...held.told.asked, [name]: value } } });
}

/** PEG's three questions, as short as they can be asked; the wording of the published form is not repeated here. */
function formCard(form, again) {
  const says = h("p", { class: "wrong", role: "alert" });
  const asked = [t("Pain in the past week, on average"), t("How much pain kept you from enjoying life"), t("How much pain kept you from what you do in general")];
  const fields = asked.map((text, place) => [text, h("select", { id: `peg-${place}` }, h("option", { value: "" }, "–"),
    Array.from({ length: 11 }, (_, score) => h("option", { value: score }, score === 0 ? t("0: not at all") : score === 10 ? t("10: the most") : String(score))))]);
  const send = doing(async () => {
    const items = fields.map(([, field]) => field.value);
    if (items.includes("")) throw new Error(t("answer all three"));
    const who = await session();
    const told = { method: "POST", json: { kind: form.kind, answered_on: today(), items: items.map(Number) } };
    await call(`/v1/patients/${who.patient_id}/assessments`, told).catch((error) => {
      if (error.status !== 409) throw error; // the same answers of today are there already: the first reply was lost
    });
    await forgetAsked("form", null);
  }, again, says);
  return h("details", { class: "card" }, h("summary", {}, t("Three questions, now and then"), h("span", { class: "soft" }, t("until {day}", { day: instant(`${form.until}T12:00:00`, { day: "numeric", month: "long" }) }))),
    fields.map(([text, field], place) => [h("label", { for: `peg-${place}` }, text), field]), says,
    h("p", {}, h("button", { type: "button", onclick: send }, t("Send"))));
}

function offerCard(one, again, zone) {
  const says = h("p", { class: "wrong", role: "alert" });
  return card(t("A time is free for you"), h("p", {}, `${agreed(one.slot.starts_at, zone)}, ${one.slot.location}. `, t("It is kept for you until {when}.", { when: agreed(one.until, zone) })), [
    h("p", { class: "choices" },
      h("button", { type: "button", onclick: doing(() => call(`/v1/waiting/${one.waiting_id}/accept`, { method: "POST" }), again, says) }, t("Take it")),
      h("button", { type: "button", onclick: doing(() => call(`/v1/waiting/${one.waiting_id}/decline`, { method: "POST" }), again, says) }, t("Leave it to others"))), says]);
}

function placeOf({ location, room }) {
  return [location, room].filter(Boolean).join(", ");
}

/** Says something that is to be read; what has come in meanwhile is drawn then. */
async function inform(title, text, again) {
  await ask(title, h("p", {}, text), [["back", t("Back")]]);
  await again();
}

export function appointmentCard(one, again, { zone, level = "h3" }) {
  const says = h("p", { class: "wrong", role: "alert" });
  async function cancel() {
    const reason = h("input", { id: "reason", maxlength: "200", value: t("I can't come") });
    const body = h("div", {}, h("label", { for: "reason" }, t("Why")), reason, h("p", { class: "soft" }, t("Your clinic will offer you another time.")));
    if ((await ask(t("You can't come?"), body, [["back", t("Back")], ["cancel", t("Cancel the appointment"), "main"]])) !== "cancel") return;
    await doing(() => call(`/v1/appointments/${one.id}/cancel`, { method: "POST", json: { reason: reason.value || t("I can't come") } }), again, says)();
    if (!says.textContent) await inform(t("The appointment is cancelled"), t("Your clinic will offer you another time."), again);
  }
  async function move() {
    says.textContent = "";
    try {
      await moveTo((await call(`/v1/appointments/${one.id}/other_times`)).items);
    } catch (error) {
      if (error.status !== 409) return void (says.textContent = reasonOf(error));
      // it no longer stands as it is shown here, or the time is gone: what stands is drawn
      await doing(async () => {}, again, says)();
      await inform(t("Another time"), t("This is no longer to be had. Look at what stands, and choose again."), again);
    }
  }
  async function moveTo(times) {
    if (!times.length) return inform(t("Another time"), t("No other time is free just now. Your clinic can help: call them."), again);
    const chosen = h("select", { id: "other-time" }, times.map((other) => h("option", { value: other.slot_id }, `${agreed(other.starts_at, zone, true)}, ${placeOf(other)}`)));
    const body = h("div", {}, h("label", { for: "other-time" }, t("Times that are free")), chosen);
    if ((await ask(t("Another time"), body, [["back", t("Back")], ["move", t("Move the appointment"), "main"]])) !== "move") return;
    const made = await call(`/v1/appointments/${one.id}/move`, { method: "POST", json: { slot_id: chosen.value, reason: t("I asked for another time") } });
    await call(`/v1/appointments/${made.id}/confirm`, { method: "POST" }); // who has chosen it will come
    await doing(async () => {}, again, says)();
  }
  return card(t("Your next appointment"), h("p", {}, `${agreed(one.starts_at, zone)}, ${placeOf(one)}`), [
    h("p", { class: "choices" },
      one.state === "confirmed" ? h("span", {}, t("You said that you will come.")) : h("button", { type: "button", onclick: doing(() => call(`/v1/appointments/${one.id}/confirm`, { method: "POST" }), again, says) }, t("I will come")),
      h("button", { type: "button", onclick: once(move) }, t("Another time")),
      h("button", { type: "button", onclick: once(cancel) }, t("I can't come"))), says], level);
}
