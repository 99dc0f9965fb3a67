// The months with what was written. A day without an entry is only a day without an entry.

import { highest, isEmpty } from "./day.js";
import { lately } from "./reading.js";
import { all, get } from "./store.js";
import { readRange } from "./sync.js";
import { nothingKnown } from "./tells.js";
import { plus, today } from "./time.js";
import { h, show } from "./ui.js";
import { day as inWords, number, t } from "./words.js";

const MONDAY = "2026-01-05";

export async function calendarScreen(named) {
  const month = /^\d{4}-\d{2}$/.test(named) && named <= today().slice(0, 7) ? named : today().slice(0, 7);
  show(await monthView(month));
  lately(async () => {
    const before = await fingerprint(month);
    await readRange(`${month}-01`, [plus(`${next(month)}-01`, -1), today()].sort()[0]);
    return before === await fingerprint(month) ? null : monthView(month);
  });
}

async function fingerprint(month) {
  return JSON.stringify((await all("days")).filter((one) => one.date.startsWith(month)).map((one) => [one.date, one.base, one.version]));
}

function next(month) {
  return plus(`${month}-28`, 7).slice(0, 7);
}

async function monthView(month) {
  const told = (await get("meta", "today"))?.told ?? nothingKnown(today());
  const held = new Map((await all("days")).map((one) => [one.date, one]));
  const first = `${month}-01`;
  const before = (new Date(`${first}T00:00:00Z`).getUTCDay() + 6) % 7;
  const cells = Array.from({ length: before }, () => h("td", {}));
  for (let date = first; date.startsWith(month); date = plus(date, 1)) cells.push(h("td", {}, dayLink(date, held.get(date), told)));
  while (cells.length % 7) cells.push(h("td", {}));
  const rows = Array.from({ length: cells.length / 7 }, (_, week) => h("tr", {}, cells.slice(week * 7, week * 7 + 7)));
  const days = Array.from({ length: 7 }, (_, place) => h("th", { scope: "col" }, inWords(plus(MONDAY, place), { weekday: "short" })));
  const title = inWords(first, { month: "long", year: "numeric" });
  const later = next(month);
  return [h("h1", {}, title),
    h("table", { class: "month" }, h("caption", { class: "soft" }, t("Tap a day to write, to read or to correct it.")), h("thead", {}, h("tr", {}, days)), h("tbody", {}, rows)),
    h("p", { class: "choices" },
      h("a", { class: "button", href: `/app/calendar/${plus(first, -1).slice(0, 7)}` }, t("Earlier")),
      later <= today().slice(0, 7) ? h("a", { class: "button", href: `/app/calendar/${later}` }, t("Later on")) : null)];
}

function dayLink(date, held, told) {
  const figure = String(Number(date.slice(8)));
  if (date > today()) return h("span", {}, figure);
  const has = (held && !isEmpty(held.parts)) || told.logged_on.includes(date);
  const pain = held ? highest(held.parts, told.sites) : null;
  const says = held?.refused ? t("not taken") : held?.waits ? t("waits to be sent") : has ? (pain === null ? t("written") : t("pain {score}", { score: number(pain) })) : t("no entry");
  return h("a", {
    href: `/app/day/${date}`, class: has ? "has" : null, "aria-current": date === today() ? "date" : null,
    "aria-label": `${inWords(date)}: ${says}`,
  }, figure, h("small", {}, held?.waits ? "…" : pain === null ? (has ? "•" : "") : number(pain)));
}
