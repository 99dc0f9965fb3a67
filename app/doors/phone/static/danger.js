// Red flags without a signal: the rules of the service, from the file that it makes of them (`/app/rules.json`), and what a
// note speaks of. The same as `app/rules/red_flags.py` and `red_words.py`; a test holds them together.

import { highest, notes } from "./day.js";
import { readNote } from "./note.js";
import { spoken } from "./words.js";
import { daysBetween } from "./time.js";

let known = null;

async function load() {
  if (known === null) {
    const answer = await fetch("/app/rules.json");
    if (!answer.ok) throw new Error(String(answer.status));
    known = await answer.json();
  }
  return known;
}

/** The advice for an entry, worst first; empty where nothing in it is, or may be, a sign. */
export async function adviceFor(date, parts, today, partsBefore) {
  const { rules, grammar } = await load();
  const done = today.treatments.filter((one) => one.performed_on <= date);
  const newest = done.at(-1);
  const report = {
    effects: (parts.side_effects ?? []).map((one) => [one.kind, one.severity ?? null]),
    spoken: readNote(notes(parts), grammar),
    temperature: parts.temperature_c ?? null,
    pain: highest(parts, today.sites),
    before: partsBefore ? highest(partsBefore, today.sites) : null,
    since: newest ? daysBetween(newest.performed_on, date) : null,
    region: newest?.region ?? null,
  };
  const own = today.own_rules.map((one, place) => ({
    sign: `clinic rule ${place}`, kinds: [one.kind], least_severity: one.least_severity, unknown_meets: true, advice: one.advice,
  }));
  return redFlags([...rules, ...own], report).map(({ rule, guessed }) => inLanguage(guessed ? rule.asks : rule.advice));
}

function inLanguage(text) {
  return typeof text === "string" ? text : text[spoken()] ?? text.en;
}

/** The rules that a report meets, the first that fits of each sign. */
export function redFlags(rules, report) {
  const found = new Map();
  for (const rule of rules) {
    if (found.has(rule.sign) || !fits(rule, report)) continue;
    if (isReported(rule, report)) found.set(rule.sign, { rule, guessed: false });
    else if (report.spoken.has(rule.sign)) found.set(rule.sign, { rule, guessed: true });
  }
  return [...found.values()];
}

function fits(rule, report) {
  if (rule.region && report.region !== rule.region) return false;
  if (rule.first_day === undefined && rule.last_day === undefined) return true;
  return report.since !== null && report.since >= (rule.first_day ?? 0) && (rule.last_day === undefined || report.since <= rule.last_day);
}

function isReported(rule, report) {
  if (rule.least_temperature !== undefined && (report.temperature ?? 0) >= rule.least_temperature) return true;
  if (rises(rule, report)) return true;
  return report.effects.some(([kind, severity]) => severity === null
    ? rule.unknown_meets && rule.kinds.includes(kind)
    : severity >= rule.least_severity && (rule.kinds.includes("*") || rule.kinds.includes(kind)));
}

function rises(rule, report) {
  if (rule.least_pain === undefined || rule.least_rise === undefined || report.pain === null || report.before === null) return false;
  return report.pain >= rule.least_pain && report.pain - report.before >= rule.least_rise;
}
