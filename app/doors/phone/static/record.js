// What is the patient's by right: who looked, what was agreed to, who may act for them, everything to take along, leaving.

import { ask as call, call as answer, session } from "./api.js";
import { goOut } from "./more.js";
import { back, reading } from "./reading.js";
import { reasonOf } from "./reasons.js";
import { get } from "./store.js";
import { dateOf, today } from "./time.js";
import { ask, h, once, save, show } from "./ui.js";
import { instant, spoken, t } from "./words.js";

async function lookedScreen() {
  const who = await session();
  const done = { read: t("read"), create: t("added"), change: t("changed"), delete: t("removed") };
  const roles = { clinician: t("clinician"), scheduler: t("scheduler"), admin: t("administrator"), patient: t("patient"), operator: t("operator") };
  const resources = {
    diary: t("the diary"), flag: t("a note to the clinic"), flags: t("notes to the clinic"), review: t("a review"), reviews: t("reviews"),
    appointment: t("an appointment"), appointments: t("appointments"), slot: t("an appointment"), calendar: t("appointments"), patient: t("name and birth date"), patients: t("name and birth date"),
    verdict: t("how relief stands"), report: t("the report"), consent: t("what was agreed to"), proxy: t("who may act"), message: t("a message"),
  };
  reading(t("Who has looked"), async () => {
    const { items } = await call(`/v1/audit?patient_id=${who.patient_id}&limit=200&by_others=true`);
    return [h("p", {}, t("The latest two hundred events, without your own.")),
      items.length ? h("ul", { class: "list" }, byDay(items).map(({ one, many }) => h("li", {},
        h("strong", {}, one.username ?? t("the service")), one.role ? `, ${roles[one.role] ?? one.role}` : "", h("br"),
        `${instant(one.at)}: ${done[one.action]} ${resources[one.resource] ?? t("the record")}${many > 1 ? ` (${many} ×)` : ""}`, one.why ? h("p", {}, t("Reason: {why}", { why: one.why })) : null)))
        : h("p", {}, t("Nobody but you."))];
  });
}

/** What one person has done alike on one day is one line, with the newest time: lists are read often. */
function byDay(items) {
  const lines = new Map();
  for (const one of items) {
    const alike = JSON.stringify([one.account_id, one.action, one.resource, one.why, dateOf(new Date(one.at))]);
    lines.set(alike, { one: lines.get(alike)?.one ?? one, many: (lines.get(alike)?.many ?? 0) + 1 });
  }
  return [...lines.values()];
}

async function consentsScreen(_named, { again }) {
  const who = await session();
  const path = `/v1/patients/${who.patient_id}/consents`;
  const says = h("p", { class: "wrong", role: "alert" });
  const give = (one, given) => once(async () => {
    try {
      await call(path, { method: "POST", json: { kind: one.kind, version: one.version, given } });
      await again();
    } catch (error) {
      says.textContent = reasonOf(error);
    }
  });
  reading(t("What I agree to"), async () => {
    const [{ items }, asked] = await Promise.all([call(path), call(`/v1/consent_texts?language=${spoken()}`)]);
    return [says, asked.items.map((one) => {
      const last = items.find((said) => said.kind === one.kind && said.current);
      const stands = !last ? t("You have not answered.") : last.given ? t("You said yes on {when}.", { when: instant(last.said_at) }) : t("You said no on {when}.", { when: instant(last.said_at) });
      return h("section", { class: "card" }, h("p", {}, one.text), h("p", { class: "soft" }, stands), h("p", { class: "choices" },
        last?.given === true ? null : h("button", { type: "button", "aria-label": `${t("Yes")}: ${one.text}`, onclick: give(one, true) }, t("Yes")),
        last?.given === false ? null : h("button", { type: "button", "aria-label": `${t("No")}: ${one.text}`, onclick: give(one, false) }, t("No"))));
    }), h("p", {}, t("A no counts from now on. It changes nothing in how you are treated."))];
  });
}

async function proxiesScreen(_named, { again }) {
  const who = await session();
  const path = `/v1/patients/${who.patient_id}/proxies`;
  const says = h("p", { class: "wrong", role: "alert" });
  async function end(one) {
    try {
      await call(`${path}/${one.id}`, { method: "DELETE" });
      await again();
    } catch (error) {
      says.textContent = `${t("{name} may still act for you.", { name: one.name })} ${reasonOf(error)}`;
    }
  }
  reading(t("Who may act for me"), async () => {
    const { items } = await call(path);
    return [says, items.length ? h("ul", { class: "list" }, items.map((one) => h("li", {}, h("strong", {}, one.name), h("br"),
      one.may_write ? t("reads and writes") : t("reads"), one.until ? `, ${t("until {day}", { day: instant(one.until, { day: "numeric", month: "long", year: "numeric" }) })}` : "", one.accepted ? "" : `, ${t("the code was not used yet")}`, " ",
      h("button", { type: "button", class: "quiet", "aria-label": t("End it for {name}", { name: one.name }), onclick: once(() => end(one)) }, t("End"))))) : h("p", {}, t("Nobody.")),
    proxyForm(path, again)];
  });
}

function proxyForm(path, again) {
  const name = h("input", { id: "name", maxlength: "200", required: true });
  const write = h("input", { id: "write", name: "write", type: "checkbox" });
  const until = h("input", { id: "until", type: "date" });
  const says = h("p", { class: "wrong", role: "alert" });
  const form = h("form", { class: "card" }, h("h2", {}, t("Let somebody act for me")),
    h("label", { for: "name" }, t("Who it is")), name,
    h("label", { class: "box", for: "write" }, write, t("May also write for me")),
    h("label", { for: "until" }, t("Until (may stay empty)")), until, says,
    h("button", { class: "main" }, t("Make a code")));
  const make = once(async () => {
    says.textContent = "";
    if (until.value && until.value < today()) {
      says.textContent = t("That day is over.");
      return;
    }
    try {
      const json = { name: name.value.trim(), may_write: write.checked, ...(until.value ? { until: new Date(`${until.value}T23:59:59`).toISOString() } : {}) };
      const made = await call(path, { method: "POST", json });
      await ask(t("A code for {name}", { name: made.name }), h("div", {}, h("p", {}, h("strong", {}, made.code)), h("p", {}, t("Hand it over yourself. It is shown only now, and good for two weeks."))), [["ok", t("I have the code"), "main"]]);
      await again();
    } catch (error) {
      says.textContent = reasonOf(error);
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    make();
  });
  return form;
}

/** Everything that is kept besides the record: what was agreed to, booked, flagged and reviewed, and who looked. */
async function besides(patient) {
  const of = `patient_id=${patient}`;
  const lists = { consents: `/v1/patients/${patient}/consents?`, proxies: `/v1/patients/${patient}/proxies?`, appointments: `/v1/appointments?${of}`, waiting: `/v1/waiting?${of}`,
    flags: `/v1/flags?${of}`, reviews: `/v1/reviews?${of}`, looked: `/v1/audit?${of}`, addresses: "/v1/addresses?", sessions: "/v1/me/sessions?" };
  const whole = {};
  for (const [name, path] of Object.entries(lists)) {
    whole[name] = [];
    let next = "";
    do {
      // what somebody who acts for the patient may not read is left out, and said to be
      const page = await call(path + next).catch((error) => { if (error.status === 403) return null; throw error; });
      if (page === null) whole[name] = null;
      else whole[name].push(...page.items);
      next = page?.next ? `&cursor=${encodeURIComponent(page.next)}` : "";
    } while (next);
  }
  return JSON.stringify(whole);
}

async function exportScreen() {
  const who = await session();
  const told = (await get("meta", "today"))?.told;
  const says = h("p", { class: "wrong", role: "alert" });
  const keep = (name, content, type) => async () => {
    says.textContent = "";
    try {
      save(name, await content(), type);
    } catch (error) {
      says.textContent = reasonOf(error);
    }
  };
  const take = (path, name, headers = {}) => keep(name, async () => (await answer(path, { headers })).blob());
  const newest = told?.treatments.at(-1);
  show(h("h1", {}, t("Take everything with me")),
    h("p", {}, t("These files hold your data in clear. Keep them where only you can read them.")),
    h("p", { class: "choices" },
      h("button", { type: "button", onclick: take(`/v1/patients/${who.patient_id}/record`, "reprieve-record.json") }, t("My record, for another clinic (JSON)")),
      h("button", { type: "button", onclick: keep("reprieve-besides.json", () => besides(who.patient_id), "application/json") }, t("What is kept besides: consents, appointments, flags, who looked (JSON)")),
      h("button", { type: "button", onclick: take(`/v1/patients/${who.patient_id}/diary`, "reprieve-diary.csv", { Accept: "text/csv" }) }, t("The diary, for a spreadsheet (CSV)")),
      newest ? h("button", { type: "button", onclick: take(`/v1/procedures/${newest.procedure_id}/report.pdf?language=${spoken()}`, "reprieve-report.pdf") }, t("The report, to print (PDF)")) : null),
    says, back());
}

async function leaveScreen(_named, { leave }) {
  const told = (await get("meta", "today"))?.told;
  show(h("h1", {}, t("Leave")),
    h("p", {}, t("You can stop at any time. It changes nothing in how you are treated.")),
    h("ul", {},
      h("li", {}, t("To stop only the reminders, or the use for research: take that back under What I agree to.")),
      h("li", {}, t("To have everything erased: ask your clinic. It must keep some records by law, and will tell you which.")),
      h("li", {}, t("Take your data with you first, if you want it."))),
    told?.call.phone ? h("p", {}, h("a", { class: "button", href: `tel:${told.call.phone.replace(/[^+\d]/g, "")}` }, t("Call your clinic: {number}", { number: told.call.phone }))) : null,
    h("p", { class: "choices" },
      h("a", { class: "button", href: "/app/export" }, t("Take everything with me")),
      h("a", { class: "button", href: "/app/consents" }, t("What I agree to")),
      h("button", { type: "button", onclick: () => goOut(leave) }, t("Sign out and remove everything here"))),
    back());
}

export const recordScreens = { looked: lookedScreen, consents: consentsScreen, proxies: proxiesScreen, export: exportScreen, leave: leaveScreen };
