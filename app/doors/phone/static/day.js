// A day's entry as the phone holds it: the parts that are known, and what follows from the day's moments.
// The service works the same out by the same rules (`app/record/diary/moments.py`); a test holds the two together.

const PARTS = [
  "pain", "moments", "medications", "activity", "interference", "temperature_c", "flare_up", "work", "side_effects", "note",
];

/** The parts of an entry that the service has sent, without what is not known and without scores that nobody gave. */
export function partsOf(entry) {
  const parts = {};
  for (const name of PARTS) if (entry?.[name] !== null && entry?.[name] !== undefined) parts[name] = withoutNothing(entry[name]);
  for (const follows of entry?.from_moments ?? []) {
    const pain = parts.pain?.find((one) => isAt(one, follows));
    for (const score of follows.scores) if (pain) delete pain[score];
  }
  if (parts.pain) parts.pain = parts.pain.filter(hasScore);
  if (parts.pain?.length === 0) delete parts.pain;
  return parts;
}

function withoutNothing(value) {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null).map(([name, one]) => [name, withoutNothing(one)]));
}

export function isEmpty(parts) {
  return PARTS.every((name) => parts[name] === undefined || parts[name] === "" || (name === "moments" && parts[name].length === 0));
}

export function isAt(pain, site) {
  return pain.region === site.region && pain.side === site.side;
}

function hasScore(pain) {
  return ["average", "worst", "now"].some((name) => pain[name] !== undefined);
}

/** The patient's own score at a site; undefined where there is none. */
export function scoreAt(parts, site, name) {
  return parts.pain?.find((one) => isAt(one, site))?.[name];
}

/** The parts with a score of the patient's own; null takes it back. A worst never lies under an average. */
export function withScore(parts, site, name, value) {
  const others = (parts.pain ?? []).filter((one) => !isAt(one, site));
  const pain = { ...(parts.pain?.find((one) => isAt(one, site)) ?? { region: site.region, side: site.side }) };
  if (value === null) delete pain[name];
  else pain[name] = value;
  if (pain.average !== undefined && pain.worst !== undefined && pain.worst < pain.average) {
    if (name === "average") delete pain.worst;
    else pain.worst = pain.average;
  }
  const pains = hasScore(pain) ? [...others, pain] : others;
  return withPart(parts, "pain", pains.length ? pains : null);
}

/** The parts with one of them changed; null takes it away: it is not known then. */
export function withPart(parts, name, value) {
  const changed = { ...parts, [name]: value };
  if (value === null || value === undefined) delete changed[name];
  return changed;
}

const LISTS = {
  pain: (one) => `${one.region} ${one.side}`,
  moments: (one) => one.at,
  medications: (one) => [one.code ?? one.name, one.schedule, one.dose, one.unit].join("|"),
  side_effects: (one) => `${one.kind} ${one.region} ${one.side}`,
};

/**
 * A day that two windows of this phone have changed from `seen`: what only one has changed is that one's; where both have, it
 * is `mine`. Scores go one by one, so do moments, medicines and side effects.
 */
export function together(theirs, seen, mine) {
  const out = {};
  for (const name of PARTS) {
    const sides = [theirs, seen, mine].map((one) => one[name]);
    const whole = sides.some((one) => one !== undefined && !one.length) || !LISTS[name];
    const found = whole ? ofThree(...sides) : items(sides, LISTS[name], name === "pain");
    if (found !== undefined) out[name] = found;
  }
  return out;
}

function ofThree(theirs, seen, mine) {
  return JSON.stringify(mine) === JSON.stringify(seen) ? theirs : mine;
}

function items(sides, keyOf, isPain) {
  const [theirs, seen, mine] = sides.map((list) => new Map((list ?? []).map((one) => [keyOf(one), one])));
  const found = [...new Set([...theirs.keys(), ...mine.keys()])].map((key) => {
    const three = [theirs, seen, mine].map((side) => side.get(key));
    return isPain ? scoresOf(...three) : ofThree(...three);
  }).filter((one) => one !== undefined);
  return found.length ? found : undefined;
}

function scoresOf(...sides) {
  const [theirs, seen, mine] = sides.map((one) => one ?? {});
  const out = { region: (theirs.region ?? mine.region), side: (theirs.side ?? mine.side) };
  for (const name of ["average", "worst", "now"]) {
    const score = ofThree(theirs[name], seen[name], mine[name]);
    if (score !== undefined) out[name] = score;
  }
  if (out.average !== undefined && out.worst < out.average) delete out.worst; // each is right, and not both together
  return hasScore(out) ? out : undefined;
}

/** What follows from the day's moments at a site: `average` to the nearest half, `worst`; undefined where nothing does. */
export function derived(parts, site) {
  const scored = (parts.moments ?? []).flatMap((moment) =>
    (moment.pain ?? []).filter((pain) => isAt(pain, site)).map((pain) => ({ at: Date.parse(moment.at), pain })));
  const points = scored
    .map(({ at, pain }) => [at, pain.now ?? pain.average ?? pain.worst])
    .filter(([, score]) => score !== undefined)
    .sort(([first], [second]) => first - second);
  const peaks = scored.flatMap(({ pain }) => [pain.now, pain.average, pain.worst]).filter((one) => one !== undefined);
  const own = { average: scoreAt(parts, site, "average"), worst: scoreAt(parts, site, "worst") };
  const out = {};
  let average = own.average;
  if (average === undefined && points.length) {
    out.average = average = Math.min(nearestHalf(meanOverTime(points)), own.worst ?? 10);
  }
  if (own.worst === undefined && peaks.length) out.worst = Math.max(...peaks, average ?? 0);
  return out;
}

function meanOverTime(points) {
  const span = points.at(-1)[0] - points[0][0];
  if (span === 0) return points.reduce((sum, [, score]) => sum + score, 0) / points.length;
  let area = 0;
  for (let place = 1; place < points.length; place += 1) {
    const [before, first] = points[place - 1];
    const [after, second] = points[place];
    area += ((after - before) * (first + second)) / 2;
  }
  return area / span;
}

function nearestHalf(value) {
  return Math.floor(value * 2 + 0.5) / 2;
}

/** The highest average of the day, of any site; where there is none, the highest of the other scores. */
export function highest(parts, sites) {
  const all = [...sites, ...(parts.pain ?? []).filter((pain) => !sites.some((site) => isAt(pain, site)))];
  const pains = all.map((site) => ({ ...(parts.pain?.find((one) => isAt(one, site)) ?? {}), ...derived(parts, site) }));
  const averages = pains.map((one) => one.average).filter((one) => one !== undefined);
  const others = pains.flatMap((one) => [one.worst, one.now]).filter((one) => one !== undefined);
  const found = averages.length ? averages : others;
  return found.length ? Math.max(...found) : null;
}

/** All that is written in words: the day's note, and those of its moments. */
export function notes(parts) {
  return [parts.note, ...(parts.moments ?? []).map((one) => one.note)].filter(Boolean).join("\n");
}
