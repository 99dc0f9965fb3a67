// Elements by one small function, and what every screen needs of them.

/** An element: attributes, `on…` listeners, and children (text, elements, lists; nothing for null and false). */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && typeof value === "boolean") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

/** The same in the namespace of pictures. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/** Puts a screen in place of the last one, and the reader's place at its top. */
export function show(...children) {
  const screen = document.getElementById("screen");
  screen.replaceChildren();
  append(screen, children);
  document.getElementById("act").replaceChildren(); // what can be done with the screen before
  screen.scrollTop = 0;
  screen.focus({ preventScroll: true });
}

/** The same work, but not while it is under way: a second tap of a quick finger does nothing. */
export function once(work) {
  let going = false;
  return async (...all) => {
    if (going) return null;
    going = true;
    try {
      return await work(...all);
    } finally {
      going = false;
    }
  };
}

/** The one thing to do with a screen, always in reach below it. */
export function showAct(...children) {
  document.getElementById("act").replaceChildren(...children);
}

/** A button that stays pressed: its state is told to everybody, not by colour alone. */
export function toggle(text, pressed, act, more = {}) {
  const button = h("button", { type: "button", class: "toggle", "aria-pressed": String(pressed), ...more }, text);
  button.addEventListener("click", () => act(button.getAttribute("aria-pressed") !== "true", button));
  return button;
}

export function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}

/** A question in a dialog of the browser's own; answers the value of the button that was chosen, or null. */
export function ask(title, body, choices) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" });
    const buttons = choices.map(([value, text, kind]) =>
      h("button", { type: "button", class: kind ?? "", onclick: () => dialog.close(value) }, text));
    append(dialog, [h("h2", { id: "dialog-title" }, title), body, h("p", { class: "choices" }, buttons)]);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Draws a part of the screen anew, and puts the reader back on the control where they were. */
export function keepingFocus(part, draw) {
  const was = part.contains(document.activeElement) ? document.activeElement : null;
  const names = (one) => [one.id, one.getAttribute("aria-label"), one.textContent];
  const open = [...part.querySelectorAll("details[open] > summary")].map((one) => one.textContent);
  draw();
  for (const one of part.querySelectorAll("summary")) if (open.includes(one.textContent)) one.parentElement.open = true;
  if (was === null) return;
  const [id, label, text] = names(was);
  const all = [...part.querySelectorAll("button, select, input, summary, [role=button]")];
  (all.find((one) => id && one.id === id) ?? all.find((one) => label && names(one)[1] === label) ?? all.find((one) => names(one)[2] === text))?.focus();
}

/** A file for the patient to keep. */
export function save(name, content, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
