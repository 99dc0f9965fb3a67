// Takes a code from behind the # of the address, where no server sees it, and puts it in the form.
const fields = document.querySelectorAll('input[name="code"]');
if (fields.length && location.hash.length > 1) {
  for (const field of fields) field.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  document.querySelector('input:not([type="hidden"]):not([name="code"])')?.focus();
}
