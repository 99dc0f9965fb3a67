// Makes or uses a passkey where the browser can: asks the server for a challenge, lets the device answer it, and sends that
// as an ordinary form.
const form = document.getElementById("passkey");
const named = !/^[\d.]+$|:/.test(location.hostname); // a passkey is for a name, not for a number
const can = named && window.PublicKeyCredential?.parseCreationOptionsFromJSON;

const SAID = { NotAllowedError: "sayNoPasskey", InvalidStateError: "sayHasPasskey", SecurityError: "sayAddress" };

if (form && can) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    const says = form.querySelector(".fault");
    says.hidden = true;
    try {
      const asked = await fetch(form.dataset.begin, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      const told = await asked.json();
      if (!asked.ok) throw new Error(told.errors?.length ? told.errors[0].detail : told.detail);
      const adds = "user" in told.options;
      const credential = adds
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(told.options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(told.options) });
      form.elements.challenge_id.value = told.challenge_id;
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.requestSubmit();
    } catch (error) {
      form.elements.credential.value = "";
      says.textContent = form.dataset[SAID[error.name]] ?? error.message;
      says.hidden = false;
    }
  });
}
