// What lies on the phone: one database with two stores, `days` (each day's entry, by its date) and `meta` (everything else).
// Where a PIN is set every value is sealed (AES-GCM) under a key that is made from it and is nowhere kept.

const NAME = "reprieve";
const STORES = ["days", "meta"];
const IN_CLEAR = new Set(["lock", "language", "skew"]); // of `meta`: read before the PIN is known
let opened = null;
let key = null;
let memory = null; // stands in where the browser keeps nothing: what is written is sent at once, or lost with the page

/** Why the phone keeps nothing; null where it does. */
export let blocked = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    let request;
    try {
      request = indexedDB.open(NAME, 1);
    } catch (error) {
      reject(error);
      return;
    }
    request.onupgradeneeded = () => STORES.forEach((one) => request.result.createObjectStore(one));
    request.onsuccess = () => {
      request.result.onversionchange = () => { request.result.close(); opened = null; };
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
  return opened;
}

async function run(store, mode, work) {
  if (memory !== null) return work(inMemory(memory.get(store)));
  for (const last of [false, true]) {
    let db;
    try {
      db = await database();
    } catch (error) { // there is none to be had: then, and only then, memory stands in
      blocked = error?.name ?? "blocked";
      memory = new Map(STORES.map((one) => [one, new Map()]));
      return work(inMemory(memory.get(store)));
    }
    try {
      return await transaction(db, store, mode, work);
    } catch (error) { // a phone closes a database under an app that sleeps: it is opened again
      if (last || error?.name === "QuotaExceededError") throw error;
      opened = null;
    }
  }
  return undefined;
}

function transaction(db, store, mode, work) {
  return new Promise((resolve, reject) => {
    const open = db.transaction(store, mode, { durability: "strict" });
    let result;
    let fault = null;
    open.oncomplete = () => resolve(result);
    open.onerror = (event) => { fault = event.target.error; };
    open.onabort = () => reject(open.error ?? fault ?? new Error("aborted"));
    const at = open.objectStore(store);
    const asked = work({
      get: (name) => at.get(name),
      put: (name, value) => at.put(value, name),
      remove: (name) => at.delete(name),
      all: () => at.getAll(),
      clear: () => at.clear(),
    });
    if (asked) asked.onsuccess = () => { result = asked.result; };
  });
}

function inMemory(map) {
  return {
    get: (name) => structuredClone(map.get(name)),
    put: (name, value) => void map.set(name, structuredClone(value)),
    remove: (name) => void map.delete(name),
    all: () => [...map.values()].map((one) => structuredClone(one)),
    clear: () => map.clear(),
  };
}

export function get(store, name) {
  return among(async () => unsealed(await run(store, "readonly", (at) => at.get(name))));
}

export function all(store) {
  return among(async () => Promise.all((await run(store, "readonly", (at) => at.all())).map(unsealed)));
}

export function put(store, name, value) {
  return among(async () => {
    const kept = await sealed(store, name, value);
    await run(store, "readwrite", (at) => at.put(name, kept));
  });
}

export function remove(store, name) {
  return among(() => run(store, "readwrite", (at) => at.remove(name)));
}

/** Runs beside others of its kind, but never while everything is sealed anew: what is written then would be lost, or in clear. */
function among(work) {
  return navigator.locks ? navigator.locks.request("reprieve store", { mode: "shared" }, work) : work();
}

/** Reads, changes and writes one value while nobody else does, in this window or another. */
export function change(store, name, work) {
  return alone(`${store}/${name}`, async () => {
    const changed = await work(await get(store, name));
    if (changed === undefined) await remove(store, name);
    else await put(store, name, changed);
    return changed;
  });
}

const chains = new Map(); // where the browser has no locks (an address without https): one after the other in this window

/** Runs something while no other window runs the same. */
export function alone(name, work) {
  if (navigator.locks) return navigator.locks.request(`reprieve ${name}`, work);
  const next = (chains.get(name) ?? Promise.resolve()).then(work, work);
  chains.set(name, next.catch(() => {}));
  return next;
}

/** Takes everything away that lies on this phone, but the language. */
export async function forget() {
  const language = await get("meta", "language");
  for (const store of STORES) await run(store, "readwrite", (at) => at.clear());
  key = null;
  if (language) await put("meta", "language", language);
}

// the PIN

const channel = new BroadcastChannel("reprieve lock"); // it does not hear itself
const ROUNDS = 600_000; // of PBKDF2-HMAC-SHA256, as OWASP advises (2023)

export async function isLocked() {
  return key === null && Boolean(await get("meta", "lock"));
}

export async function unlock(pin) {
  const lock = await get("meta", "lock");
  const made = await keyFrom(pin, lock.salt);
  try {
    await crypto.subtle.decrypt({ name: "AES-GCM", iv: lock.iv }, made, lock.proof);
  } catch {
    return false;
  }
  key = made;
  return true;
}

/** Seals all that lies here under a PIN; null takes the seal away. */
export async function setPin(pin) {
  await alone("store", () => sealAnew(pin));
  channel.postMessage("changed"); // other windows know another key, or none
}

/** Calls `act` when another window has set a PIN or taken it away. */
export function whenLockChanges(act) {
  channel.onmessage = act;
}

async function sealAnew(pin) {
  const held = {};
  for (const store of STORES) held[store] = await entries(store);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  key = pin === null ? null : await keyFrom(pin, salt);
  const written = {};
  for (const store of STORES) {
    written[store] = await Promise.all(held[store].map(async ([name, value]) => [name, await sealed(store, name, value)]));
  }
  if (key === null) written.meta = written.meta.filter(([name]) => name !== "lock");
  else {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const proof = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new Uint8Array(8));
    written.meta = [...written.meta.filter(([name]) => name !== "lock"), ["lock", { salt, iv, proof }]];
  }
  const db = await database(); // one transaction: a phone that dies in between is sealed as a whole, or not at all
  await new Promise((resolve, reject) => {
    const open = db.transaction(STORES, "readwrite", { durability: "strict" });
    open.oncomplete = resolve;
    open.onabort = open.onerror = () => reject(open.error);
    for (const store of STORES) {
      open.objectStore(store).clear();
      for (const [name, value] of written[store]) open.objectStore(store).put(value, name);
    }
  });
}

async function entries(store) {
  const db = await database();
  const [names, values] = await new Promise((resolve, reject) => {
    const open = db.transaction(store, "readonly");
    const asked = [open.objectStore(store).getAllKeys(), open.objectStore(store).getAll()];
    open.oncomplete = () => resolve(asked.map((one) => one.result));
    open.onerror = () => reject(open.error);
  });
  return Promise.all(names.map(async (name, place) => [name, await unsealed(values[place])]));
}

async function keyFrom(pin, salt) {
  const raw = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  return crypto.subtle.deriveKey(how, raw, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

async function sealed(store, name, value) {
  if (key === null || (store === "meta" && IN_CLEAR.has(name))) return value;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const text = new TextEncoder().encode(JSON.stringify(value));
  return { sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text), iv };
}

async function unsealed(value) {
  if (!(value?.sealed instanceof ArrayBuffer)) return value;
  if (key === null) throw new Error("locked");
  const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: value.iv }, key, value.sealed);
  return JSON.parse(new TextDecoder().decode(text));
}
