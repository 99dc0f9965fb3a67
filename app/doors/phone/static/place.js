// Where in the app one is: each screen has an address of its own below `/app`, and moving there asks the service for nothing.

let invitation = "";

/** The screen's name, and what its address names further. */
export function here() {
  const [name, rest] = location.pathname.split("/").slice(2);
  return { name: name || "today", rest: decodeURIComponent(rest ?? "") };
}

/** The code with which somebody was invited: it stands behind the #, which no server is sent, and is taken out at once. */
export function invitationCode() {
  return invitation;
}

export function go(path, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", path);
  dispatchEvent(new Event("moved"));
}

/** Calls `draw` whenever the address has changed, by a link of the app, a step back, or the app itself. */
export function followMoves(draw) {
  takeHash();
  addEventListener("moved", draw);
  addEventListener("popstate", draw);
  addEventListener("hashchange", () => takeHash() && draw());
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='/app']");
    if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
    event.preventDefault();
    go(link.getAttribute("href"));
  });
}

function takeHash() {
  const [, name, rest] = /^#\/([\w-]+)(?:\/(.*))?$/.exec(location.hash) ?? [];
  if (!name) return false;
  if (name === "join") invitation = decodeURIComponent(rest ?? "");
  history.replaceState(null, "", `/app/${name}${rest && name !== "join" ? `/${rest}` : ""}`);
  return true;
}
