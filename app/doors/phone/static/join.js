// The first time: from the code of an invitation to the first entry, in four short steps.

import { ask as call, open, session, signIn } from "./api.js";
import { addPasskey, canPasskeys } from "./passkeys.js";
import { reminderForm } from "./reminders.js";
import { reasonOf } from "./reasons.js";
import { entered } from "./sign-in.js";
import { sync } from "./sync.js";
import { get } from "./store.js";
import { h, show } from "./ui.js";
import { t } from "./words.js";

export function joinScreen(code, begin) {
  const says = h("p", { class: "wrong", role: "alert" });
  const typed = h("input", { id: "code", type: "text", value: code, autocapitalize: "none", autocomplete: "off", spellcheck: "false", required: true });
  const username = h("input", { id: "username", type: "text", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true });
  const password = h("input", { id: "password", type: "password", autocomplete: "new-password", required: true, "aria-describedby": "password-help" });
  const form = h("form", { class: "card" },
    h("label", { for: "code" }, t("Code from your clinic")), typed,
    h("label", { for: "username" }, t("A name to sign in with")), username,
    h("label", { for: "password" }, t("A password")), password,
    h("p", { id: "password-help", class: "soft" }, t("At least 12 characters. Three or four words in a row are easy to keep.")),
    says, h("button", { class: "main" }, t("Go on")));
  async function make(chosen, withPasskey) {
    says.textContent = "";
    const account = { username: username.value.trim(), password: chosen };
    await open(`/v1/invitations/${encodeURIComponent(typed.value.trim())}/accept`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(account),
    });
    await entered(await signIn(account));
    if (withPasskey) await addPasskey(chosen);
    await readsScreen(begin);
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    make(password.value, false).catch((error) => { says.textContent = reasonOf(error); });
  });
  const passkey = canPasskeys()
    ? h("p", {}, h("button", { type: "button", onclick: () => {
      if (!username.reportValidity() || !typed.reportValidity()) return;
      const words = Array.from(crypto.getRandomValues(new Uint8Array(24)), (one) => one.toString(36)).join("");
      make(words, true).catch((error) => { says.textContent = reasonOf(error); });
    } }, t("Use a passkey of this phone instead")))
    : null;
  show(h("h1", {}, t("Welcome")), h("p", {}, t("Your clinic gave you a code. It is good for two weeks, and once.")), form, passkey,
    h("p", {}, h("a", { href: "/app/today" }, t("I have an account already"))));
  (code ? username : typed).focus();
}

/** What is asked, and who reads it. */
async function readsScreen(begin) {
  await sync().catch(() => {});
  const told = (await get("meta", "today"))?.told;
  show(
    h("h1", {}, t("What is asked of you")),
    h("ul", {},
      h("li", {}, t("Once a day: your pain, what you took, how active you were. Half a minute.")),
      h("li", {}, t("Now and then three questions about what the pain keeps you from."))),
    h("h2", {}, t("Who reads it")),
    h("p", {}, t("The people who treat you at {clinic}, and you. You can see who has looked, at any time.", { clinic: told?.call.clinic ?? t("your clinic") })),
    h("p", {}, t("Nobody watches it day and night. If something frightens you, call: do not wait for an answer here.")),
    h("button", { type: "button", class: "main", onclick: () => (told?.by_proxy ? begin() : consentScreen(() => remindScreen(begin))) }, t("Go on")),
  );
}

/** What the patient has not said yes or no to, word for word. Nothing is chosen beforehand. */
export async function consentScreen(done) {
  const told = (await get("meta", "today"))?.told;
  const asked = told?.asked.consents ?? [];
  if (!asked.length) return done();
  const says = h("p", { class: "wrong", role: "alert" });
  const form = h("form", { class: "card stays" }, asked.map((one) =>
    h("fieldset", {}, h("legend", {}, one.text),
      ["yes", "no"].map((answer) => h("label", { class: "box" },
        h("input", { type: "radio", name: one.kind, value: answer, required: true, class: "radio" }),
        answer === "yes" ? t("Yes") : t("No"))))),
  says, h("button", { class: "main" }, t("Go on")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    try {
      const who = await session();
      for (const one of asked) {
        const json = { kind: one.kind, version: one.version, given: given.get(one.kind) === "yes" };
        await call(`/v1/patients/${who.patient_id}/consents`, { method: "POST", json });
      }
      await sync().catch(() => {});
      await done();
    } catch (error) {
      says.textContent = reasonOf(error);
    }
  });
  return show(h("h1", {}, t("Do you agree?")), h("p", {}, t("You can change each answer later, under More.")), form,
    h("p", {}, h("button", { type: "button", class: "quiet", onclick: done }, t("Later"))));
}

async function remindScreen(begin) {
  show(h("h1", {}, t("A reminder")), h("p", {}, t("When shall the phone remind you? At most once a day, and not when you have written already.")),
    reminderForm(begin),
    h("p", {}, h("button", { type: "button", class: "quiet", onclick: begin }, t("No reminder"))));
}
