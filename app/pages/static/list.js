// Moves through the list by keyboard: j and k, Enter opens (links do that by themselves), / goes to the search.
const people = [...document.querySelectorAll(".people a")];

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  const here = people.indexOf(document.activeElement);
  if (event.key === "j") people[Math.min(here + 1, people.length - 1)]?.focus();
  else if (event.key === "k") people[Math.max(here - 1, 0)]?.focus();
  else if (event.key === "/") document.querySelector('input[type="search"]')?.focus();
  else return;
  event.preventDefault();
});

for (const select of document.querySelectorAll(".filters select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
