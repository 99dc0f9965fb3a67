// The person's own course as a plain picture: each day's score, the level of the week, half of the pain before; and the same
// in words. No chance is shown and nothing is promised.

import { ask } from "./api.js";
import { lately } from "./reading.js";
import { get, put } from "./store.js";
import { nothingKnown, sentenceFor } from "./tells.js";
import { daysBetween, today } from "./time.js";
import { h, show, svg } from "./ui.js";
import { day as inWords, number, t } from "./words.js";

const [WIDE, HIGH, LEFT, BOTTOM] = [360, 230, 26, 22];
const MEDIUM = { day: "numeric", month: "long", year: "numeric" };

export async function courseScreen() {
  const told = (await get("meta", "today"))?.told ?? nothingKnown(today());
  const newest = told.treatments.filter((one) => one.performed_on <= today()).at(-1);
  if (!newest) {
    return show(h("h1", {}, t("Your course")), h("p", {}, t("There is no treatment on record yet. What you write now is what it will be measured against.")));
  }
  show(view(told, newest, await get("meta", "course")));
  return lately(async () => {
    const course = least(await ask(`/v1/procedures/${newest.procedure_id}/relief`));
    await put("meta", "course", course);
    return view(told, newest, course);
  });
}

/** Of a verdict only what is shown here. */
function least(verdict) {
  const { date, average, worst, level } = verdict.days;
  return { procedure_id: verdict.procedure_id, baseline: verdict.baseline.pain, date, average: average.map((one, place) => one ?? worst[place] ?? null), level, said_on: verdict.as_of };
}

function view(told, newest, course) {
  const known = course?.procedure_id === newest.procedure_id && course.date.length;
  return [h("h1", {}, t("Your course")),
    h("p", { class: "says" }, sentenceFor(told, today())),
    known ? [picture(course, newest), inSentences(course, newest)] : h("p", {}, t("The picture is drawn as soon as there is a connection.")),
    h("p", { class: "soft" }, t("This shows what you wrote. It does not say what will come; your clinic talks it over with you.")),
    h("ul", { class: "list" },
      h("li", {}, h("a", { class: "row", href: "/app/wearing" }, t("What wearing off looks like"))),
      h("li", {}, h("a", { class: "row", href: "/app/call" }, t("When to call"))))];
}

function picture({ date, average, level, baseline }, newest) {
  const span = Math.max(14, daysBetween(newest.performed_on, date.at(-1)));
  const x = (on) => LEFT + ((WIDE - LEFT - 8) * daysBetween(newest.performed_on, on)) / span;
  const y = (score) => 8 + (HIGH - BOTTOM - 8) * (1 - score / 10);
  const line = level.map((score, place) => (score === null ? null : `${x(date[place]).toFixed(1)} ${y(score).toFixed(1)}`)).filter(Boolean);
  const months = Array.from({ length: Math.floor(span / 30) + 1 }, (_, month) => month).filter((month) => span < 200 || month % 3 === 0);
  const label = (content, place) => svg("text", { "font-size": 11, fill: "currentColor", ...place }, content);
  return h("figure", {}, svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": t("Your scores since {day}, and the level of each week. The same stands below in words.", { day: inWords(newest.performed_on, MEDIUM) }) },
    [0, 5, 10].map((score) => [svg("path", { d: `M${LEFT} ${y(score)}H${WIDE - 8}`, stroke: "currentColor", opacity: 0.25 }), label(String(score), { x: LEFT - 6, y: y(score) + 4, "text-anchor": "end" })]),
    months.map((month) => label(month === 0 ? t("treatment") : n30(month), { x: LEFT + ((WIDE - LEFT - 8) * month * 30) / span, y: HIGH - 6, "text-anchor": month === 0 ? "start" : "middle" })),
    baseline === null ? null : [svg("path", { d: `M${LEFT} ${y(baseline / 2)}H${WIDE - 8}`, stroke: "currentColor", "stroke-dasharray": "6 4" }), label(t("half of before"), { x: WIDE - 8, y: y(baseline / 2) - 4, "text-anchor": "end" })],
    average.map((score, place) => (score === null ? null : svg("circle", { cx: x(date[place]).toFixed(1), cy: y(score).toFixed(1), r: 2.2, fill: "currentColor", opacity: 0.55 }))),
    line.length > 1 ? svg("path", { d: `M${line.join("L")}`, fill: "none", stroke: "var(--accent)", "stroke-width": 3, "stroke-linejoin": "round" }) : null),
  h("figcaption", { class: "soft" }, t("Points: what you wrote. Line: the level of the week.")));
}

function n30(month) {
  return t("month {number}", { number: month });
}

/** The picture in sentences, for everybody and for screen readers. */
function inSentences({ date, average, level, baseline, said_on }, newest) {
  const written = average.filter((one) => one !== null);
  const last = level.findLastIndex((one) => one !== null);
  return h("ul", {},
    h("li", {}, t("Treated on {day}.", { day: inWords(newest.performed_on, MEDIUM) })),
    baseline === null ? h("li", {}, t("The pain before is not known.")) : h("li", {}, t("Pain before the treatment: {score}. Half of it: {half}.", { score: number(baseline), half: number(baseline / 2) })),
    h("li", {}, t("You wrote on {count} of {all} days since.", { count: written.length, all: date.length })),
    last >= 0 ? h("li", {}, t("Level of the week by {day}: {score}.", { day: inWords(said_on, MEDIUM), score: number(level[last]) })) : null);
}
