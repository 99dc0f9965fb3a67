// Passkeys: made and used by the phone, in the forms that the service speaks.

import { ask, deviceName, open } from "./api.js";

/** Whether this browser and this address can have passkeys: they belong to a name, not to a number. */
export function canPasskeys() {
  return Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON) && !/^[\d.]+$|:/.test(location.hostname);
}

/** Signs in with a passkey; answers what a sign-in answers. */
export async function usePasskey() {
  const begun = await open("/v1/token/passkey/begin", { method: "POST" });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
  const credential = (await navigator.credentials.get({ publicKey })).toJSON();
  return open("/v1/token/passkey", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ challenge_id: begun.challenge_id, credential, device: deviceName() }),
  });
}

/** Adds a passkey of this phone to the account; the password is asked for again before. */
export async function addPasskey(password) {
  const begun = await ask("/v1/me/factors/passkey/begin", { method: "POST", json: { password } });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.options);
  const credential = (await navigator.credentials.create({ publicKey })).toJSON();
  return ask("/v1/me/factors/passkey", { method: "POST", json: { challenge_id: begun.challenge_id, credential, name: deviceName().slice(0, 100) } });
}
