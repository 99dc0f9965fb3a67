// Pain as big buttons from 0 to 10, for each treated site; worst and moments lie one tap below.

import { derived, isAt, scoreAt, withScore, withPart } from "./day.js";
import { REGIONS, siteName } from "./places.js";
import { get, put } from "./store.js";
import { dateOf, now, today, written } from "./time.js";
import { h, once, press, toggle } from "./ui.js";
import { instant, n, number, t } from "./words.js";

const MOST = 24; // moments of a day
const SCORES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Where pain is asked for: what was treated, else what was written of, else what the patient has chosen here. */
export async function sitesOf(told, parts) {
  const chosen = await get("meta", "site");
  const own = told.sites.length ? told.sites : chosen ? [chosen] : [];
  const more = (parts.pain ?? []).filter((pain) => !own.some((site) => isAt(pain, site)));
  const all = [...own, ...more.map(({ region, side }) => ({ region, side }))];
  return all.length ? all : [{ region: "lumbar", side: "both", guessed: true }];
}

export function painPart(context) {
  const { sites, date } = context;
  return h("section", {},
    sites.map((site) => scores(context, site, "average")),
    sites.some((one) => one.guessed) ? whereQuestion(context) : null,
    h("details", {},
      h("summary", {}, date === today() ? t("Worst today, and moments") : t("Worst that day, and moments"), h("span", { class: "soft" }, summaryOf(context))),
      sites.map((site) => scores(context, site, "worst")),
      moments(context)));
}

function summaryOf({ entry }) {
  const worst = (entry.parts.pain ?? []).map((one) => one.worst).filter((one) => one !== undefined);
  const moments = entry.parts.moments?.length ?? 0;
  return [...worst.map((one) => number(one)), moments ? n("{count} moment", "{count} moments", moments) : null].filter(Boolean).join(", ");
}

function scores(context, site, name) {
  const { entry, edit, sites, date } = context;
  const isAverage = name === "average";
  const many = sites.length > 1;
  const where = siteName(site);
  const when = date === today() ? t("today") : t("that day");
  const legend = isAverage ? t("Pain {when}, on average: {where}", { when, where }) : t("Worst pain {when}: {where}", { when, where });
  const hint = h("p", { class: "soft" });
  const buttons = SCORES.map((score) => {
    const plain = isAverage ? t("Average pain {score}", { score }) : t("Worst pain {score}", { score });
    return toggle(String(score), scoreAt(entry.parts, site, name) === score, async (on) => {
      await edit(withScore(entry.parts, site, name, on ? score : null));
      context.scores.dispatchEvent(new Event("changed"));
    }, { "aria-label": many ? t("{what}, {where}", { what: plain, where }) : plain });
  });
  function draw() {
    const own = scoreAt(entry.parts, site, name);
    buttons.forEach((button, score) => press(button, own === score));
    const follows = derived(entry.parts, site)[name];
    hint.textContent = own !== undefined && !Number.isInteger(own) ? t("Written: {score}", { score: number(own) })
      : follows !== undefined && entry.parts.moments?.length ? t("From your moments: {score}. Tap a number to give your own.", { score: number(follows) }) : "";
    hint.hidden = !hint.textContent;
  }
  context.scores.addEventListener("changed", draw);
  draw();
  return h("fieldset", {}, h("legend", {}, legend), h("div", { class: "scores" }, buttons),
    isAverage ? h("p", { class: "anchors" }, h("span", {}, t("0: no pain")), h("span", {}, t("10: worst imaginable"))) : null, hint);
}

/** Where nobody has said yet what was treated: the patient says where the pain is. */
function whereQuestion(context) {
  const { again } = context;
  const region = h("select", { id: "where" }, REGIONS.map((one) => h("option", { value: one, selected: one === "lumbar" }, siteName({ region: one, side: "both" }))));
  const side = h("select", { id: "side" }, [["both", t("both sides, or the middle")], ["left", t("left")], ["right", t("right")]].map(([value, text]) => h("option", { value }, text)));
  const keep = async () => {
    await put("meta", "site", { region: region.value, side: side.value });
    await again();
  };
  region.addEventListener("change", keep);
  side.addEventListener("change", keep);
  return h("details", {}, h("summary", {}, t("The pain is somewhere else")),
    h("label", { for: "where" }, t("Where")), region, h("label", { for: "side" }, t("Side")), side);
}

/** "Now 7, after the garden": a moment of today, kept as soon as it is noted. */
function moments(context) {
  const { entry, edit, sites, date, save, again } = context;
  const list = (entry.parts.moments ?? []).map((one) => h("li", {},
    `${instant(one.at, { hour: "numeric", minute: "2-digit" })}: ${[...(one.pain ?? []).map((pain) => number(pain.now ?? pain.average ?? pain.worst)), one.note].filter((part) => part !== undefined).join(", ")} `,
    h("button", { type: "button", class: "quiet", onclick: async () => {
      const left = entry.parts.moments.filter((other) => other !== one);
      await edit(withPart(entry.parts, "moments", left.length ? left : null));
      await again();
    } }, t("Take away"))));
  const site = h("select", { id: "moment-site" }, sites.map((one, place) => h("option", { value: place }, siteName(one))));
  const score = h("select", { id: "moment-score" }, h("option", { value: "" }, "–"), SCORES.map((one) => h("option", { value: one }, String(one))));
  const note = h("input", { id: "moment-note", maxlength: "500" });
  const says = h("p", { class: "wrong", role: "alert" });
  const isTyped = () => score.value !== "" || note.value.trim() !== "";
  /** Adds what is typed to the day; false where it can't be. */
  async function take() {
    if (!isTyped()) return true;
    if ((entry.parts.moments ?? []).length >= MOST) {
      says.textContent = t("A day holds {most} moments.", { most: MOST });
      return false;
    }
    const at = written(now());
    const pain = score.value === "" ? undefined : [{ region: sites[site.value].region, side: sites[site.value].side, now: Number(score.value) }];
    const one = { at, ...(pain ? { pain } : {}), ...(note.value.trim() ? { note: note.value.trim() } : {}) };
    score.value = note.value = "";
    await edit({ ...entry.parts, moments: [...(entry.parts.moments ?? []), one] });
    context.scores.dispatchEvent(new Event("changed"));
    return true;
  }
  const add = h("button", { type: "button", onclick: once(async () => {
    if (dateOf(now()) !== date) return again(); // it is past midnight: the moment is of the new day
    if (!isTyped()) return score.focus();
    if (!(await take())) return null;
    return (await save()) || again(); // what is shown then stays in sight
  }) }, t("Note this moment"));
  if (date === today()) context.typed.push(take);
  if (date !== today()) return list.length ? h("ul", { class: "list" }, list) : null;
  return h("section", { class: "card" }, h("h2", {}, t("A moment of today")),
    list.length ? h("ul", { class: "list" }, list) : null,
    sites.length > 1 ? [h("label", { for: "moment-site" }, t("Where")), site] : null,
    h("label", { for: "moment-score" }, t("Pain now")), score,
    h("label", { for: "moment-note" }, t("What happened")), note,
    says, h("p", {}, add));
}
