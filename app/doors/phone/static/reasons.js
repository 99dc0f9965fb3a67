// Why something could not be done, in words for who wanted it.

import { Later, Refused } from "./api.js";
import { t } from "./words.js";

export function reasonOf(error) {
  if (error instanceof Later) return t("There is no connection at the moment. Try again.");
  if (error instanceof Refused) {
    if (error.status === 401) return t("The name or the password is not right.");
    if (error.status === 404) return t("This code is wrong, too old, or was used already.");
    if (error.status === 429) return t("Too many tries. Wait a few minutes.");
    if (error.status === 403 && error.problem.detail === "not a patient") return t("This app is for patients. Your pages are at /clinic.");
    return error.message;
  }
  if (error?.name === "NotAllowedError") return t("The phone gave no passkey. Try again, or use your password.");
  return t("That did not work: {why}", { why: error?.message ?? "?" });
}

