// Every form of the pages: a second click sends nothing, and what was typed is kept in this tab until the next page of the
// same account has come (forms.js), should the sign-in have run out. Runs before a form stands on the page, so that nobody
// is quicker than it: a form that was sent before a later script had come would lose what was typed.
const KEPT = "typed: ", OUT = "signed out";

function pathOf(form) {
  return new URL(form.getAttribute("action"), location.href).pathname;
}

function typedIn(form) {
  const fields = [...form.elements].filter((one) => one.name && !["hidden", "password", "submit", "button"].includes(one.type));
  return fields.map((one) => [one.name, one.value, ["checkbox", "radio"].includes(one.type) ? one.checked : null]);
}

document.addEventListener("submit", (event) => {
  const form = event.target, { account } = document.body.dataset;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  const pathname = pathOf(form);
  if (pathname.endsWith("/sign-out")) return sessionStorage.clear();
  if (account) sessionStorage.setItem(KEPT + pathname, JSON.stringify({ account, typed: typedIn(form) }));
});

window.addEventListener("pageshow", () => { // also from the browser's memory, by the button back
  for (const form of document.forms) delete form.dataset.sent;
});

if (location.pathname === "/clinic/sign-in" && Object.keys(sessionStorage).some((key) => key.startsWith(KEPT))) {
  sessionStorage.setItem(OUT, "yes");
}
