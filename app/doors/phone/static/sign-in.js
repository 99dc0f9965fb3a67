// Getting in: with a name and a password, with a passkey, or for the first time with the code of an invitation.

import { Refused, open, ownerOf, sessionOf, signIn } from "./api.js";
import { canPasskeys, usePasskey } from "./passkeys.js";
import { reasonOf } from "./reasons.js";
import { forget, get, put } from "./store.js";
import { refused, waiting } from "./sync.js";
import { ask, h, show } from "./ui.js";
import { LANGUAGES, n, speak, spoken, t } from "./words.js";

export async function signInScreen(begin) {
  const waits = (await waiting().catch(() => [])).length;
  const says = h("p", { class: "wrong", role: "alert" });
  const code = h("input", { id: "code", name: "code", type: "text", inputmode: "numeric", autocomplete: "one-time-code" });
  const second = h("div", { hidden: true }, h("label", { for: "code" }, t("Code of your app, or a recovery code")), code);
  const { form, username, password, button, pressed } = signInForm();
  if (waits) form.prepend(h("p", {}, n("{count} entry waits on this phone. Sign in again to send it.", "{count} entries wait on this phone. Sign in again to send them.", waits)));
  button.before(second, says);
  const doing = (work) => async (event) => {
    event?.preventDefault();
    says.textContent = "";
    button.disabled = true;
    try {
      await entered(await work());
      await begin();
    } catch (error) {
      if (error instanceof Refused && error.problem.errors?.some((one) => one.pointer === "/code")) {
        const asked = !second.hidden;
        second.hidden = false;
        code.focus();
        if (!asked) return;
      }
      says.textContent = reasonOf(error);
    } finally {
      button.disabled = false;
    }
  };
  form.addEventListener("submit", doing(() =>
    signIn({ username: username.value.trim(), password: password.value, ...(code.value ? { code: code.value.trim() } : {}) })));
  delete document.documentElement.dataset.signedIn;
  document.getElementById("screen").append(
    ...(canPasskeys() ? [h("p", {}, h("button", { type: "button", onclick: doing(async () => sessionOf(await usePasskey(), {})) }, t("Sign in with a passkey")))] : []),
    h("ul", { class: "list" },
      h("li", {}, h("a", { class: "row", href: "/app/join" }, t("I have a code from my clinic"))),
      h("li", {}, h("a", { class: "row", href: "/clinic/forgotten" }, t("I have forgotten my password")))),
    languageChoice(() => signInScreen(begin)));
  if (pressed) form.requestSubmit();
  return null;
}

/**
 * The form, in the patient's language. Where it is that of the page as it was served it stays where it is, under the hands of
 * who has begun to type; `pressed` says that they are done already.
 */
function signInForm() {
  const page = document.documentElement.dataset;
  const isServed = page.begun === undefined && document.getElementById("sign-in") !== null;
  const pressed = isServed && page.pressed !== undefined;
  page.begun = "";
  if (!isServed) {
    const field = (id, more) => h("input", { id, name: id, required: true, ...more });
    show(h("h1", {}, "Reprieve"), h("p", { class: "lead" }), h("form", { id: "sign-in", class: "card" },
      h("label", { for: "username" }), field("username", { type: "text", autocomplete: "username", autocapitalize: "none", spellcheck: "false" }),
      h("label", { for: "password" }), field("password", { type: "password", autocomplete: "current-password" }),
      h("button", { class: "main" })));
  }
  const form = document.getElementById("sign-in");
  const [username, password] = ["username", "password"].map((id) => form.querySelector(`#${id}`));
  const button = form.querySelector("button");
  const texts = [[document.querySelector(".lead"), t("Your diary after treatment: half a minute a day.")], [username.labels[0], t("Username")],
    [password.labels[0], t("Password")], [button, t("Sign in")]];
  for (const [element, text] of texts) element.textContent = text;
  return { form, username, password, button, pressed };
}

export function languageChoice(again) {
  const choice = h("select", { id: "language" }, Object.entries(LANGUAGES).map(([code, name]) =>
    h("option", { value: code, selected: code === spoken() }, name)));
  choice.addEventListener("change", async () => {
    await put("meta", "language", choice.value);
    await speak(choice.value);
    await again();
  });
  return h("p", {}, h("label", { for: "language" }, t("Language")), choice);
}

/** Makes sure that what lies on the phone is not sent, nor shown, as somebody else's; then the session is kept. */
export async function entered(session) {
  const mine = ownerOf(session);
  const owner = await get("meta", "owner");
  if (owner !== mine) {
    const left = [...await waiting(), ...await refused()];
    if (owner && left.length) {
      const body = h("p", {}, n("{count} entry of another account waits on this phone.", "{count} entries of another account wait on this phone.", left.length));
      const chosen = await ask(t("Whose entries are these?"), body, [["back", t("Back")], ["drop", t("Remove them"), "main"]]);
      if (chosen !== "drop") {
        await open("/v1/token", { method: "DELETE", headers: { Authorization: `Bearer ${session.access}` } }).catch(() => {});
        throw new Refused(409, { detail: t("Sign in to the other account to send what waits.") });
      }
    }
    await forget();
  }
  await put("meta", "owner", mine);
  await put("meta", "session", session);
  localStorage.setItem("signed-in", "yes");
  return session;
}
