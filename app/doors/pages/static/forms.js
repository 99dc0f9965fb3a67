// Gives back what was typed before a sign-in ran out (typed.js keeps it), and says what is wrong beside its field.
const account = document.body.dataset.account;

function fill(form, typed) {
  for (const [name, value, checked] of typed) {
    const field = [...form.elements].find((one) => one.name === name && (checked === null || one.value === value));
    if (!field) continue;
    if (checked === null) field.value = value;
    else field.checked = checked;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  for (let around = form; around; around = around.parentElement) if (around.tagName === "DETAILS") around.open = true;
  const said = Object.assign(document.createElement("p"), { className: "past" });
  said.setAttribute("role", "status");
  said.textContent = document.body.dataset.sayRestored;
  form.prepend(said);
  said.scrollIntoView({ block: "center" });
}

function forget() {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(KEPT) || key === OUT) sessionStorage.removeItem(key);
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// What is wrong with a step is told above, and once more beside its field, in the form that was sent.
const sent = [...document.forms].find((form) => form.method === "post" && pathOf(form) === location.pathname);
for (const fault of sent ? document.querySelectorAll(".fault [data-field]") : []) {
  const field = [...sent.elements].find((one) => one.name === fault.dataset.field && one.type !== "hidden");
  if (!field) continue;
  const said = Object.assign(document.createElement("span"), { className: "wrong", id: `wrong-${field.name}`, textContent: fault.textContent });
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", said.id);
  field.after(said);
  for (let around = sent; around; around = around.parentElement) if (around.tagName === "DETAILS") around.open = true;
}

if (account) {
  const out = sessionStorage.getItem(OUT);
  for (const form of out ? document.forms : []) {
    const kept = JSON.parse(sessionStorage.getItem(KEPT + pathOf(form)) ?? "null");
    if (kept?.account === account) fill(form, kept.typed);
  }
  forget();
}
