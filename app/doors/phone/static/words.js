// Texts in the patient's language. The English text is the message's name: what has no translation is said in English.

export const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français", es: "Español" };
let messages = {};
let language = "en";
let locale = "en";

/** The language to speak: the one that was chosen here, else the first of the browser's that there is. */
function languageOf(chosen) {
  const wanted = [chosen, ...(navigator.languages ?? [])].map((one) => (one ?? "").split("-")[0]);
  return wanted.find((one) => one in LANGUAGES) ?? "en";
}

export async function speak(chosen) {
  const wanted = languageOf(chosen);
  messages = wanted === "en" ? {} : await (await fetch(`/app/words/${wanted}.json`)).json();
  language = wanted; // once its texts are there: a voice must not read one language as another
  locale = navigator.languages?.find((one) => one.split("-")[0] === language) ?? language; // British days for who reads British
  document.documentElement.lang = language;
  document.documentElement.dir = "ltr";
}

/** Lets the worker, which may have come later than the texts, keep those of the language. */
export async function keepWords() {
  if (language !== "en") await fetch(`/app/words/${language}.json`);
}

export function spoken() {
  return language;
}

/** A text, its `{places}` filled in. */
export function t(text, values = {}) {
  const found = messages[text] ?? text;
  return fill(typeof found === "string" ? found : found[0], values);
}

/** A text that counts: of one, and of many. */
export function n(one, many, count, values = {}) {
  const isOne = new Intl.PluralRules(language).select(count) === "one";
  const found = messages[one];
  const text = Array.isArray(found) ? found[isOne ? 0 : 1] : isOne ? one : many;
  return fill(text, { count, ...values });
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** A day in words, such as "Sunday, 29 November". */
export function day(date, style = { weekday: "long", day: "numeric", month: "long" }) {
  return new Intl.DateTimeFormat(locale, { ...style, timeZone: "UTC" }).format(new Date(`${date}T00:00:00Z`));
}

/** An instant by the phone's clock. */
export function instant(at, style = { weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit" }) {
  return new Intl.DateTimeFormat(locale, style).format(new Date(at));
}

/** An instant of the clinic's calendar, by the clocks where the patient lives; named where the phone's are others. */
export function agreed(at, timeZone, short = false) {
  const [year, here] = [new Date(at).getFullYear(), Intl.DateTimeFormat().resolvedOptions().timeZone];
  const length = short ? "short" : "long";
  return instant(at, {
    weekday: length, day: "numeric", month: length, hour: "numeric", minute: "2-digit", timeZone,
    ...(year === new Date().getFullYear() ? {} : { year: "numeric" }), ...(timeZone === here ? {} : { timeZoneName: "short" }),
  });
}

export function number(value, digits = 1) {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
}
