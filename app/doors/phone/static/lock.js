// A PIN in front of what lies on the phone, for phones that others use too.

import { back as backLink } from "./reading.js";
import { forget, setPin, unlock } from "./store.js";
import { ask, h, show } from "./ui.js";
import { t } from "./words.js";

const SHORTEST = 6; // figures: what lies here is sealed with them, and may be tried by whoever has the phone

export function lockScreen(done) {
  const says = h("p", { class: "wrong", role: "alert" });
  const field = h("input", { id: "pin", type: "password", inputmode: "numeric", autocomplete: "off", required: true });
  const form = h("form", { class: "card" },
    h("label", { for: "pin" }, t("PIN")), field, says,
    h("button", { class: "main" }, t("Unlock")),
    h("button", { type: "button", class: "quiet", onclick: forgotten }, t("I have forgotten the PIN")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    says.textContent = "";
    if (await unlock(field.value)) return done();
    field.value = "";
    says.textContent = t("That is another PIN.");
    return field.focus();
  });
  async function forgotten() {
    const body = h("p", {}, t("Everything on this phone is removed, and entries that were not sent are lost. What was sent stays with your clinic."));
    const chosen = await ask(t("Begin anew on this phone?"), body, [["no", t("Back")], ["yes", t("Remove everything here"), "main"]]);
    if (chosen !== "yes") return;
    await forget();
    localStorage.removeItem("signed-in");
    location.reload();
  }
  show(h("h1", {}, "Reprieve"), form);
  field.focus();
}

/** The screen on which a PIN is set or taken away. */
export function pinScreen(has, back) {
  const says = h("p", { class: "wrong", role: "alert" });
  const field = h("input", { id: "pin", type: "password", inputmode: "numeric", autocomplete: "off", required: true, "aria-describedby": "pin-help" });
  const again = h("input", { id: "pin-again", type: "password", inputmode: "numeric", autocomplete: "off", required: true });
  const form = h("form", { class: "card" },
    h("label", { for: "pin" }, t("New PIN")), field,
    h("label", { for: "pin-again" }, t("The same once more")), again,
    h("p", { id: "pin-help", class: "soft" }, t("At least {least} figures. What lies on this phone can then be read only with it; nobody can tell it to you if you forget it.", { least: SHORTEST })),
    says, h("button", { class: "main" }, t("Set the PIN")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = !new RegExp(`^\\d{${SHORTEST},}$`).test(field.value) ? t("At least {least} figures.", { least: SHORTEST })
      : field.value !== again.value ? t("The two are not the same.") : "";
    says.textContent = wrong;
    if (wrong) return;
    await setPin(field.value);
    back();
  });
  if (!crypto.subtle) { // the address is not one that the browser trusts
    show(h("h1", {}, t("Lock on this phone")), h("p", {}, t("A lock needs an address that begins with https.")), backLink());
    return;
  }
  show(h("h1", {}, t("Lock on this phone")), form,
    has ? h("button", { type: "button", onclick: async () => { await setPin(null); back(); } }, t("Take the PIN away")) : null,
    backLink());
}
