// What a patient may want to read: when to call, what wearing off looks like, the plan of the first weeks, the appointment.

import { appointmentCard } from "./asks.js";
import { back } from "./reading.js";
import { get } from "./store.js";
import { callButtons, nothingKnown } from "./tells.js";
import { today } from "./time.js";
import { h, show } from "./ui.js";
import { day as inWords, t } from "./words.js";

const SHORT = { weekday: "short", day: "numeric", month: "long" };

async function known() {
  return (await get("meta", "today"))?.told ?? nothingKnown(today());
}

async function callScreen() {
  const { call } = await known();
  show(h("h1", {}, t("When to call")),
    h("section", { class: "danger" },
      h("h2", {}, t("Go to an emergency department, or call:")),
      h("ul", {},
        h("li", {}, t("you can't hold water or stool, or are numb between the legs")),
        h("li", {}, t("an arm or a leg is newly weak")),
        h("li", {}, t("a very bad headache with a stiff neck, or trouble to speak or see")),
        h("li", {}, t("chest pain, or hard to breathe")),
        h("li", {}, t("swelling of the face or the throat"))),
      callButtons(call)),
    h("h2", {}, t("Call your clinic the same day:")),
    h("ul", {},
      h("li", {}, t("fever of 38 °C or more")),
      h("li", {}, t("the place of the needle is red, hot, swells or weeps")),
      h("li", {}, t("a burn or a blister on the skin")),
      h("li", {}, t("pain that gets much worse in the first three days"))),
    h("h2", {}, t("Usual, no need to call:")),
    h("ul", {},
      h("li", {}, t("soreness in the first two weeks")),
      h("li", {}, t("skin that burns like sunburn for up to three weeks")),
      h("li", {}, t("a numb patch where you were treated, for up to three months"))),
    back());
}

async function wearingScreen() {
  const { call } = await known();
  show(h("h1", {}, t("What wearing off looks like")),
    h("p", {}, t("The nerve that was treated grows back. That takes months, for some people more than a year. When it has, the pain may return. This is expected, and nobody's fault.")),
    h("ul", {},
      h("li", {}, t("A bad day, or a bad week, is most often a flare-up. It goes away again.")),
      h("li", {}, t("Wearing off is slow: the good days get fewer over some weeks.")),
      h("li", {}, t("The pain is where it was before. Pain elsewhere is something else; say so in the note."))),
    h("p", {}, t("Go on writing, also on good days. Your clinic sees when it changes, and will talk over with you what can be done.")),
    call.phone ? h("p", {}, h("a", { class: "button", href: `tel:${call.phone.replace(/[^+\d]/g, "")}` }, t("Call your clinic: {number}", { number: call.phone }))) : null,
    back());
}

async function planScreen() {
  const { plan, treatments } = await known();
  const newest = treatments.filter((one) => one.performed_on <= today()).at(-1);
  show(h("h1", {}, t("The first weeks")),
    plan.length ? h("ul", { class: "list" }, plan.map((one) => h("li", {},
      h("strong", {}, one.first_on === one.last_on ? inWords(one.first_on, SHORT) : t("{first} to {last}", { first: inWords(one.first_on, SHORT), last: inWords(one.last_on, SHORT) })),
      h("br"), one.says)))
      : h("p", {}, newest ? t("The first weeks are over: do what is good for you, as the pain allows.") : t("There is no treatment on record yet.")),
    back());
}

async function appointmentScreen(_named, { again }) {
  const { appointment, time_zone: zone } = await known();
  show(h("h1", {}, t("Appointment")), appointment ? appointmentCard(appointment, again, { zone, level: "h2" }) : h("p", {}, t("You have no appointment.")), back());
}

export const helpScreens = { call: callScreen, wearing: wearingScreen, plan: planScreen, appointment: appointmentScreen };
