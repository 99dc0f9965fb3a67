// The forms of procedures and blocks: only the joints of the chosen region are offered, and their nerves are named.
const form = document.querySelector("form[data-form]");
const region = form?.querySelector('select[name="region"]');
const said = document.getElementById("nerves");

function offer() {
  for (const box of form.querySelectorAll("label.box[data-group]")) {
    const fits = !region || box.dataset.group.split("|")[0] === region.value;
    box.hidden = !fits;
    if (!fits) box.querySelector("input").checked = false;
  }
  name();
}

function name() {
  const chosen = [...form.querySelectorAll('label.box input:checked')];
  const nerves = new Set(chosen.flatMap((input) => input.parentElement.dataset.group.split("|").slice(1)));
  if (said) said.textContent = nerves.size ? said.dataset.sayNerves.replace("{names}", [...nerves].join(", ")) : "";
}

if (form && said) {
  region?.addEventListener("change", offer);
  form.addEventListener("change", name);
  offer();
}

const kind = form?.querySelector('select[name="kind"]');
function items() {
  const needs = { peg: 3, pgic: 1, odi: 10, ndi: 10, activities: 3 }[kind.value] ?? 0;
  form.querySelectorAll('input[name^="item"]').forEach((input, i) => { input.closest("label").hidden = i >= needs; });
  form.querySelectorAll('input[name^="name"]').forEach((input) => { input.closest("label").hidden = kind.value !== "activities"; });
}
if (kind) { kind.addEventListener("change", items); items(); }
