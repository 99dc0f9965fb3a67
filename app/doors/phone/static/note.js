// Reads a note for signs, sentence by sentence, as `app/rules/red_words.py` does: the phrases and what denies them come from
// there as patterns on folded words.

const ENDS = /[.!?;\n]+(?!\d)/u;
const PAUSES = /[,:](?!\d)|[()]|\s[-–—]+\s|[–—]/gu;
const JOINS = /(?<=[\p{L}\p{N}_])'(?=(?:t|s|m|re|ve|ll|d)(?![\p{L}\p{N}_]))/gu;
const DEGREES = /(?<=\d)\s*(?:°\s*[cf]?|[cf](?![\p{L}\p{N}_]))|(?<=\d)\s*°/gu;
const GOES_ON = /[.!\n]+\s*(?=(?:he|she|they|er|sie|il|elle|ils|elles)(?![\p{L}\p{N}_]))/gu;
const ANSWERED = /\?\s*(?=(?:no|none|nope|nein|keins?|keine|non|aucune?|ninguna?|nada)(?![\p{L}\p{N}_]))/gu;
const WORDS = /\d+(?:[.,]\d+)?|[\p{L}\p{N}_]+|,/gu;
const SI = /(?<![\p{L}\p{N}_])sí(?![\p{L}\p{N}_])/gu;
const NEAR = 90;
const MOST_DENIED = 8;
let compiled = null;

/** The signs that a note may speak of. */
export function readNote(note, grammar) {
  if (!note) return new Set();
  compiled ??= compile(grammar);
  const found = { signs: new Set(), denied: new Map() };
  for (const sentence of sentences(note)) readSentence(sentence, found);
  return found.signs;
}

/** Text without case, accents and typographic apostrophes. */
export function fold(text) {
  const told = text.replaceAll("\u2019", "'").replaceAll("\u2018", "'").toLowerCase().replaceAll("ß", "ss").replaceAll("ñ", "ny");
  const bare = told.replace(SI, "yes").normalize("NFKD").replace(/\p{Mn}/gu, "");
  return bare.replaceAll("œ", "oe").replaceAll("æ", "ae");
}

/** Each sentence as folded words, a blank before each; a comma stands for every pause. */
export function sentences(note) {
  const text = fold(note).replace(ANSWERED, " , ").replace(GOES_ON, " , ").replace(DEGREES, " degrees ");
  return text.replace(JOINS, "").split(ENDS)
    .map((one) => one.replace(PAUSES, " , ").match(WORDS))
    .filter(Boolean)
    .map((words) => ` ${words.join(" ")}`);
}

function key(word) {
  return /^\p{Nd}/u.test(word) ? "#" : word.slice(0, 3);
}

const LETTER = "[\\p{L}\\p{N}_]"; // what Python means by \w; a \b stands only after words here

function compile(grammar) {
  const at = (text, flags) => new RegExp(text.replaceAll("\\w", LETTER).replaceAll("\\b", `(?!${LETTER})`), flags);
  const lazily = (text, flags) => { let made; return () => (made ??= at(text, flags)); };
  const phrases = grammar.phrases.map(([sign, near, blunt, parts]) => ({
    sign, near, blunt, parts: parts.map(([text]) => lazily(`${text}(?= |$)`, "uy")),
  }));
  const places = new Map();
  grammar.phrases.forEach(([, , , parts], number) => parts.forEach(([, begins], part) => {
    for (const begin of begins) places.set(begin, [...(places.get(begin) ?? []), [number, part]]);
  }));
  const unless = new Map(Object.entries(grammar.unless).map(([sign, all]) =>
    [sign, all.map((parts) => parts.map((text) => lazily(`${text}(?= |$)`, "u")))]));
  const { denials } = grammar;
  const search = (text) => at(text, "u");
  return {
    phrases,
    places,
    unless,
    no: search(denials.no),
    before: denials.before.map(search),
    others: search(denials.others),
    lists: denials.lists.map(([begun, stops]) => [search(begun), search(stops)]),
    ors: search(denials.ors),
    begun: search(denials.begun),
    over: at(denials.over, "uy"),
    answered: at(denials.answered, "uy"),
    past: search(denials.past),
  };
}

function matchAt(pattern, text, place = 0) {
  pattern.lastIndex = place;
  return pattern.exec(text);
}

function readSentence(sentence, found) {
  const met = new Map();
  for (const [clause, start, number, part] of placesIn(sentence)) {
    const phrase = compiled.phrases[number];
    const stretch = `${number} ${phrase.near ? clause : 0}`;
    const whole = met.get(stretch) ?? new Set();
    if (found.signs.has(phrase.sign) || whole.has(part)) continue;
    const match = matchAt(phrase.parts[part](), sentence, start);
    if (match === null) continue;
    const denied = found.denied.get(phrase.sign) ?? 0;
    if (denied < MOST_DENIED && isDenied(sentence, start, start + match[0].length, phrase.blunt)) {
      found.denied.set(phrase.sign, denied + 1);
      continue;
    }
    whole.add(part);
    met.set(stretch, whole);
    if (whole.size === phrase.parts.length && !isHarmless(sentence, phrase.sign)) found.signs.add(phrase.sign);
  }
}

function* placesIn(sentence) {
  let clause = 0;
  for (const word of sentence.matchAll(/ ([^ ]+)/gu)) {
    if (word[1] === ",") {
      clause += 1;
      continue;
    }
    for (const [number, part] of compiled.places.get(key(word[1])) ?? []) yield [clause, word.index, number, part];
  }
}

function isHarmless(sentence, sign) {
  return (compiled.unless.get(sign) ?? []).some((parts) => parts.every((pattern) => pattern().test(sentence)));
}

function isDenied(sentence, start, end, blunt) {
  const before = sentence.slice(Math.max(0, start - NEAR), start);
  const after = sentence.slice(end, end + NEAR);
  const comma = before.lastIndexOf(" ,");
  const clause = comma >= 0 ? before.slice(comma + 2) : before;
  return compiled.before.some((one) => one.test(clause))
    || compiled.others.test(before)
    || matchAt(compiled.over, after) !== null
    || compiled.past.test(clause + sentence.slice(start, end) + after.split(" ,")[0])
    || (!blunt && !compiled.begun.test(after) && (compiled.no.test(clause) || matchAt(compiled.answered, after) !== null))
    || compiled.lists.slice(blunt ? 1 : 0).some((one) => isListed(before, after, one));
}

/** Whether a denial goes on through a list ("no fever, hives or swelling"). */
function isListed(before, after, [begun, stops]) {
  const listed = begun.exec(before);
  if (listed === null || stops.test(listed.groups.list)) return false;
  return compiled.ors.test(listed.groups.list + after.split(stops)[0]);
}
