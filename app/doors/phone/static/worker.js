// The app's own copy on the phone. VERSION and FILES stand above this line: the service writes them there, so that a change of
// any file is another worker, which fetches all of them before it takes the place of the last. What waits to be sent lies
// in the phone's database, which no update touches.

import { get, isLocked } from "/app/store.js";
import { sync } from "/app/sync.js";
import { putRight } from "/app/time.js";

const CACHE = `app ${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    const words = (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()))))
      .flat().map((one) => new URL(one.url).pathname).filter((path) => path.startsWith("/app/words/"));
    await cache.addAll([...FILES, ...new Set(words)].map((one) => new Request(one, { cache: "no-cache" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("app ") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (pathname.startsWith("/v1/")) {
    event.respondWith(fetch(event.request).catch(() => new Response(null, { status: 204, headers: { "No-Connection": "yes" } })));
    return;
  }
  if (event.request.method !== "GET" || !(pathname === "/app" || pathname.startsWith("/app/"))) return;
  event.respondWith((async () => {
    const cache = await caches.open(CACHE);
    const address = event.request.mode === "navigate" ? "/app" : pathname;
    const kept = await cache.match(address);
    if (kept) return kept;
    const answer = await fetch(event.request);
    if (answer.ok) await cache.put(address, answer.clone()); // a language, an icon
    return answer;
  })());
});

self.addEventListener("sync", (event) => {
  if (event.tag !== "send") return;
  event.waitUntil((async () => {
    if (await isLocked()) return; // under a PIN it waits until the app is opened
    putRight((await get("meta", "skew")) ?? 0);
    await sync(false);
  })());
});

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    // an empty push still says that there is something
  }
  const options = { body: told.body ?? "", tag: told.id, icon: "/app/icon-192.png", badge: "/app/icon-192.png" };
  event.waitUntil(self.registration.showNotification(told.title ?? "Reprieve", options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const one = open.find((client) => new URL(client.url).pathname.startsWith("/app"));
    if (one) await one.focus();
    else await self.clients.openWindow("/app");
  })());
});
