// Medicines: what was taken lately with a tap each, all of yesterday's with one, and others from the catalogue by typing.

import { ask } from "./api.js";
import { withPart } from "./day.js";
import { get, put } from "./store.js";
import { today } from "./time.js";
import { h, keepingFocus, press, toggle } from "./ui.js";
import { number, t } from "./words.js";

/** The same medicine, taken the same way: one may be taken daily and when needed. */
function keyOf(one) {
  return [one.code ?? one.name, one.schedule ?? "scheduled", one.dose ?? "", one.unit ?? ""].join("|");
}

/** Those that are offered, each once: the day's own, those of late, and those of the day before. */
function offered({ entry, told, before }) {
  const found = new Map();
  for (const one of [...(entry.parts.medications ?? []), ...told.medicines, ...(before.medications ?? [])]) {
    if (!found.has(keyOf(one))) found.set(keyOf(one), one);
  }
  return [...found.values()];
}

function unitName(unit) {
  return unit === "tablet" ? t("tablet") : unit;
}

function nameOf(one, names) {
  const name = one.name ?? names[one.code] ?? one.code;
  const dose = one.dose === undefined || one.dose === null ? "" : ` ${number(one.dose, 3)} ${unitName(one.unit)}`;
  const times = one.times ? ` × ${number(one.times)}` : "";
  return `${name}${dose}${times}`;
}

export function medicinesPart(context) {
  const { entry, edit, before } = context;
  const place = h("div", {});
  const none = toggle(context.date === today() ? t("None today") : t("None that day"), false, async (on) => change(on ? [] : null));
  const yesterday = before.medications?.length
    ? h("button", { type: "button", onclick: () => change(before.medications) }, t("As yesterday"))
    : null;
  async function change(medications) {
    await edit(withPart(entry.parts, "medications", medications));
    await draw();
  }
  async function draw() {
    const names = (await get("meta", "medicine names")) ?? {};
    const taken = new Map((entry.parts.medications ?? []).map((one) => [keyOf(one), one]));
    press(none, entry.parts.medications?.length === 0);
    const of = (rescue) => offered(context).filter((one) => (one.schedule === "as_needed") === rescue).map((one) =>
      toggle(nameOf(taken.get(keyOf(one)) ?? one, names), taken.has(keyOf(one)), async (on) => {
        const others = (entry.parts.medications ?? []).filter((other) => keyOf(other) !== keyOf(one));
        await change(on ? [...others, one] : others.length ? others : null);
      }));
    const [regular, rescue] = [of(false), of(true)];
    keepingFocus(place, () => place.replaceChildren(
      h("div", { class: "choices" }, yesterday, none, regular),
      ...(rescue.length ? [h("p", { class: "soft" }, t("When needed:")), h("div", { class: "choices" }, rescue)] : [])));
  }
  draw();
  learnNames(draw);
  const form = adding(async (one) => change([...(entry.parts.medications ?? []).filter((other) => keyOf(other) !== keyOf(one)), one]));
  context.typed.push(form.take);
  return h("section", {}, h("h2", {}, t("Medicines")), place, form.details);
}

/** The names of the catalogue, kept on the phone: they are shown, and found by typing, without a signal too. */
async function learnNames(drawAgain) {
  const known = await get("meta", "medicine names");
  if (known) return;
  try {
    const { items } = await ask("/v1/medications");
    await put("meta", "medicine names", Object.fromEntries(items.filter((one) => one.code).map((one) => [one.code, one.name])));
    await put("meta", "medicines", items.map((one) => ({ code: one.code, name: one.name, units: Object.keys(one.mme_factors) })));
    await drawAgain();
  } catch {
    // next time
  }
}

/** The form of one that is not offered; `take` adds what is typed in it, and answers false where it can't. */
function adding(add) {
  const list = h("datalist", { id: "catalogue" });
  const name = h("input", { id: "medicine", list: "catalogue", maxlength: "200", autocomplete: "off" });
  const dose = h("input", { id: "dose", inputmode: "decimal", autocomplete: "off" });
  const unit = h("select", { id: "unit" }, ["mg", "mcg", "g", "ml", "mcg/h", "tablet"].map((one) => h("option", { value: one }, unitName(one))));
  const times = h("input", { id: "times", inputmode: "decimal", autocomplete: "off" });
  const needed = h("input", { id: "needed", name: "needed", type: "checkbox" });
  const says = h("p", { class: "wrong", role: "alert" });
  const details = h("details", {}, h("summary", {}, t("Add a medicine")),
    h("label", { for: "medicine" }, t("Name of the medicine")), name, list,
    h("label", { for: "dose" }, t("How much at a time")), dose,
    h("label", { for: "unit" }, t("Unit")), unit,
    h("label", { for: "times" }, t("How many times that day")), times,
    h("label", { class: "box", for: "needed" }, needed, t("Only when needed")),
    says, h("p", {}, h("button", { type: "button", onclick: () => (name.value.trim() ? take() : name.focus()) }, t("Add"))));
  details.addEventListener("toggle", async () => {
    const all = (await get("meta", "medicines")) ?? [];
    list.replaceChildren(...all.map((one) => h("option", { value: one.name })));
  });
  async function take() {
    const [amount, count] = [dose, times].map((field) => (field.value.trim() === "" ? null : Number(field.value.replace(",", "."))));
    if (!name.value.trim()) {
      const only = [dose, times].some((field) => field.value.trim());
      says.textContent = only ? t("Write the name of the medicine.") : "";
      if (only) name.focus();
      return !only;
    }
    const bad = [[dose, amount, 100_000], [times, count, 50]].find(([, value, most]) => value !== null && !(value >= 0 && value <= most));
    says.textContent = bad ? t("Write a number, such as 50 or 2.5.") : "";
    if (bad) {
      bad[0].focus();
      return false;
    }
    const known = ((await get("meta", "medicines")) ?? []).find((one) => one.name.toLowerCase() === name.value.trim().toLowerCase());
    const one = {
      ...(known?.code ? { code: known.code } : { name: name.value.trim() }),
      ...(amount === null ? {} : { dose: amount, unit: unit.value }),
      ...(count === null ? {} : { times: count }),
      schedule: needed.checked ? "as_needed" : "scheduled",
    };
    await add(one);
    for (const field of [name, dose, times]) field.value = "";
    unit.value = "mg"; // a tablet is not the unit of the next one
    needed.checked = false;
    details.open = false;
    return true;
  }
  return { details, take };
}
