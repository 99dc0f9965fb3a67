// Side effects: those of late with "still there?", others as chips that open when they are tapped.

import { withPart } from "./day.js";
import { bodyFigure, siteName, REGIONS } from "./places.js";
import { get, put } from "./store.js";
import { h, keepingFocus, press, toggle } from "./ui.js";
import { t } from "./words.js";

/** Each kind in words that people use. */
export function kinds() {
  return {
    soreness: t("Soreness"), numbness: t("Numb skin"), tingling: t("Tingling"), burning: t("Burning, like sunburn"),
    bruising: t("Bruise"), weakness: t("Weakness"), fever: t("Fever"), wound_discharge: t("Wound is wet or weeps"),
    headache: t("Headache"), swelling: t("Swelling"), hives: t("Itching rash, hives"), burn: t("Burn or blister"),
    bladder_or_bowel_change: t("Trouble passing water or stool"), saddle_numbness: t("Numb between the legs"),
    chest_pain: t("Chest pain"), breathlessness: t("Short of breath"), other: t("Something else"),
  };
}

function severities() {
  return [[1, t("mild")], [2, t("keeps me from work")], [3, t("keeps me from looking after myself")], [4, t("feels dangerous")]];
}

export function effectsPart(context) {
  const { entry, edit, told, date } = context;
  const place = h("div", {});
  const names = kinds();
  const here = () => entry.parts.side_effects ?? [];
  const none = toggle(t("No side effects"), false, async (on) => change(on ? [] : null));
  async function change(effects) {
    await edit(withPart(entry.parts, "side_effects", effects));
    draw();
  }
  const has = (kind) => here().some((one) => one.kind === kind);
  const keyOf = ({ kind, region, side }) => [kind, region, side].join(" "); // one kind may be at several places
  const isThere = (one) => here().some((other) => keyOf(other) === keyOf(one));
  const add = (one) => change([...here().filter((other) => keyOf(other) !== keyOf(one)), one]);
  const takeAway = (which) => {
    const left = here().filter((one) => !which(one));
    return change(left.length ? left : null); // not known, which is not none
  };
  /** Gone: where nothing else is asked about or there, there is none; else nothing is said of the others. */
  const gone = async (one) => {
    told.open_side_effects = told.open_side_effects.filter((other) => other !== one);
    await put("meta", `gone ${date}`, [...((await get("meta", `gone ${date}`)) ?? []), keyOf(one)]);
    if (here().length || told.open_side_effects.some((other) => !isThere(other))) return draw();
    return change([]);
  };

  function stillThere() {
    return told.open_side_effects.filter((one) => !isThere(one)).map((one) => h("li", {},
      t("{effect}: still there?", { effect: nameOf(one) }), " ",
      h("span", { class: "choices" },
        h("button", { type: "button", "aria-label": t("Yes, still there: {effect}", { effect: nameOf(one) }), onclick: () => add(one) }, t("Yes")),
        h("button", { type: "button", "aria-label": t("No, gone: {effect}", { effect: nameOf(one) }), onclick: () => gone(one) }, t("No, gone")))));
  }
  function draw() {
    press(none, entry.parts.side_effects?.length === 0);
    const open = stillThere();
    keepingFocus(place, () => place.replaceChildren(
      ...(open.length ? [h("ul", { class: "list" }, open)] : []),
      ...here().map((one, place) => detail(one, place))));
    chips.forEach(([kind, chip]) => press(chip, has(kind)));
  }
  /** Its name, with the place where another of its kind is told from it. */
  function nameOf(one) {
    const alike = [...here(), ...told.open_side_effects].some((other) => other.kind === one.kind && keyOf(other) !== keyOf(one));
    return alike && one.region ? t("{what}, {where}", { what: names[one.kind], where: siteName(one) }) : names[one.kind];
  }
  function detail(one, place) {
    const name = nameOf(one);
    const severity = h("select", { id: `severity-${place}` }, h("option", { value: "" }, "–"),
      severities().map(([value, text]) => h("option", { value, selected: one.severity === value }, text)));
    severity.addEventListener("change", () => replace(one, { severity: severity.value ? Number(severity.value) : undefined }));
    const site = h("select", { id: `site-${place}` }, h("option", { value: "" }, "–"),
      REGIONS.flatMap((region) => ["left", "right", "both"].map((side) =>
        h("option", { value: `${region} ${side}`, selected: one.region === region && one.side === side }, siteName({ region, side })))));
    site.addEventListener("change", () => {
      const [region, side] = site.value.split(" ");
      return replace(one, site.value ? { region, side } : { region: undefined, side: undefined });
    });
    return h("section", { class: "card" }, h("h3", {}, name),
      h("label", { for: `severity-${place}` }, t("How bad: {effect}", { effect: name })), severity,
      h("label", { for: `site-${place}` }, t("Where: {effect}", { effect: name })), site,
      h("details", {}, h("summary", {}, t("Show it on a figure")), bodyFigure(one, (chosen) => replace(one, chosen))),
      h("p", {}, h("button", { type: "button", class: "quiet", onclick: () => takeAway((other) => other === one) }, t("Take away: {effect}", { effect: name }))));
  }
  function replace(one, part) {
    const changed = { ...one, ...part };
    for (const [name, value] of Object.entries(changed)) if (value === undefined) delete changed[name];
    return change(here().map((other) => (other === one ? changed : other)));
  }
  const chips = Object.entries(names).map(([kind, name]) => [kind, toggle(name, has(kind), async (on) => (on ? add({ kind }) : takeAway((one) => one.kind === kind)))]);
  draw();
  get("meta", `gone ${date}`).then((kinds) => { // said before, and not asked again that day
    if (!kinds) return;
    told.open_side_effects = told.open_side_effects.filter((one) => !kinds.includes(keyOf(one)));
    draw();
  });
  return h("section", {}, h("h2", {}, t("Side effects")), place,
    h("details", {}, h("summary", {}, t("Is something unusual?"), h("span", { class: "soft" }, "")),
      h("div", { class: "choices" }, none, chips.map(([, chip]) => chip))));
}
