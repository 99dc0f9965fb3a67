// Everything else, one tap away: what to read, what is set on this phone, what is the patient's, and the way out.

import { ask as call, session, signOut } from "./api.js";
import { pinScreen } from "./lock.js";
import { go } from "./place.js";
import { reading } from "./reading.js";
import { reasonOf } from "./reasons.js";
import { reminderScreen } from "./reminders.js";
import { languageChoice } from "./sign-in.js";
import { all, forget, get } from "./store.js";
import { refused, waiting } from "./sync.js";
import { ask, h, once, show } from "./ui.js";
import { instant, n, t } from "./words.js";

function row(address, text) {
  return h("li", {}, h("a", { class: "row", href: address }, text));
}

async function moreScreen(_named, { again, leave }) {
  const who = await session();
  show(h("h1", {}, t("More")),
    h("ul", { class: "list" },
      row("/app/call", t("When to call")),
      row("/app/plan", t("The first weeks")),
      row("/app/wearing", t("What wearing off looks like")),
      row("/app/appointment", t("Appointment"))),
    h("h2", {}, t("This phone")),
    h("ul", { class: "list" },
      row("/app/reminder", t("Reminder")),
      row("/app/lock", t("Lock on this phone")),
      row("/app/devices", t("Where I am signed in"))),
    languageChoice(again),
    h("h2", {}, t("My data")),
    h("ul", { class: "list" },
      row("/app/looked", t("Who has looked")),
      row("/app/consents", t("What I agree to")),
      row("/app/proxies", t("Who may act for me")),
      row("/app/export", t("Take everything with me")),
      row("/app/leave", t("Leave"))),
    h("p", { class: "soft" }, who?.username ? t("Signed in as {name}.", { name: who.username }) : null),
    h("p", {}, h("button", { type: "button", onclick: () => goOut(leave) }, t("Sign out"))));
}

/** Ends the sign-in and takes everything off this phone; what waits is asked about first. */
export async function goOut(leave) {
  const drafts = (await all("meta")).filter((one) => one?.parts && one.date); // tapped, and not saved yet
  const waits = new Set([...(await waiting()), ...(await refused()), ...drafts].map((one) => one.date)).size;
  if (waits) {
    const body = h("p", {}, n("{count} entry was not sent yet. It is lost if you sign out now.", "{count} entries were not sent yet. They are lost if you sign out now.", waits));
    const chosen = await ask(t("Sign out all the same?"), body, [["back", t("Stay signed in")], ["out", t("Sign out and lose them"), ""]]);
    if (chosen !== "out") return;
  }
  await signOut();
  await forget();
  await leave();
}

async function lockedScreen() {
  pinScreen(Boolean(await get("meta", "lock")), () => go("/app/more"));
}

async function devicesScreen(_named, { again }) {
  const says = h("p", { class: "wrong", role: "alert" });
  async function end(one) {
    try {
      await call(`/v1/me/sessions/${one.id}`, { method: "DELETE" });
      await again();
    } catch (error) {
      says.textContent = reasonOf(error);
    }
  }
  reading(t("Where I am signed in"), async () => [h("ul", { class: "list" }, (await call("/v1/me/sessions")).items.map((one) => h("li", {},
    h("strong", {}, one.device ?? t("unknown device")), one.current ? ` (${t("this phone")})` : "", h("br"),
    t("last used {when}", { when: instant(one.last_seen_at) }), " ",
    one.current ? null : h("button", { type: "button", class: "quiet", "aria-label": t("End the sign-in of {device}", { device: one.device ?? "" }), onclick: once(() => end(one)) }, t("End"))))), says]);
}

export const moreScreens = { more: moreScreen, reminder: reminderScreen, lock: lockedScreen, devices: devicesScreen };
