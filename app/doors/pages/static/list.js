// Moves through a list by keyboard: j and k, Enter opens (links do that by themselves), x ticks, / goes to the search.
const people = [...document.querySelectorAll(".people a")];

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  const here = people.indexOf(document.activeElement);
  if (event.key === "j") people[Math.min(here + 1, people.length - 1)]?.focus();
  else if (event.key === "k") people[Math.max(here - 1, 0)]?.focus();
  else if (event.key === "x") people[here]?.closest("li").querySelector('input[type="checkbox"]')?.click();
  else if (event.key === "/") document.querySelector('input[type="search"]')?.focus();
  else return;
  event.preventDefault();
});

for (const select of document.querySelectorAll(".filters select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// Of a step with many only the fields that it takes are shown.
const step = document.querySelector('#many select[name="step"]');
function fields() {
  for (const label of document.querySelectorAll("#many label[data-step]")) {
    label.hidden = !label.dataset.step.split(" ").includes(step.value);
  }
}
if (step) { step.addEventListener("change", fields); fields(); }
