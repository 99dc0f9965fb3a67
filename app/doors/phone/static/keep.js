// The moment from which an entry can't be lost any more.

import { isKept, nowSaved, refreshStatus } from "./status.js";
import { remove } from "./store.js";
import { keepEntry } from "./sync.js";

/** Keeps an entry on the phone and drops its draft: from here on it can't be lost. */
export async function kept(date, parts, { base, seen }) {
  const record = await keepEntry(date, parts, base, seen);
  await remove("meta", `draft ${date}`);
  isKept(date);
  nowSaved();
  await refreshStatus();
  return record;
}
