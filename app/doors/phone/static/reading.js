// Screens that need the service: drawn at once, filled when the answer is there, and only if one is still there to read it.

import { Later, SignedOut } from "./api.js";
import { reasonOf } from "./reasons.js";
import { h, show } from "./ui.js";
import { t } from "./words.js";

export function back() {
  return h("p", {}, h("a", { class: "button", href: "/app/more" }, t("Back")));
}

/** Draws a title, and below it what `load` answers; without a connection it says so. */
export function reading(title, load) {
  show(h("h1", {}, title), h("p", {}, t("Reading…")), back());
  lately(async () => [h("h1", {}, title), await load(), back()], (error) => [h("h1", {}, title),
    h("p", {}, error instanceof Later || error instanceof SignedOut ? t("This needs a connection.") : reasonOf(error)), back()]);
}

/** Does something that takes its time; what it answers is drawn if the reader has not gone elsewhere. */
export async function lately(work, otherwise = () => null) {
  const path = location.pathname;
  const screen = document.getElementById("screen");
  screen.setAttribute("aria-busy", "true");
  let children;
  try {
    children = await work();
  } catch (error) {
    children = otherwise(error);
  }
  if (location.pathname !== path) return;
  screen.removeAttribute("aria-busy");
  if (children) show(children);
}
