// The calendar's grid: arrow keys from slot to slot; an appointment is moved to a free slot by dragging it, or by m and m.
const cells = [...document.querySelectorAll(".grid .cell")];
const form = document.getElementById("move");
const says = document.getElementById("moving");
const KEPT = "moving";
let taken = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");

function place(cell) {
  const box = cell.closest("td");
  return [box.parentElement.rowIndex, box.cellIndex];
}

/** The nearest slot in a direction: in the same column or row if there is one, else the nearest at all. */
function towards(from, key) {
  const [row, column] = place(from);
  const ahead = cells.map((one) => [one, ...place(one)]).filter(([one, r, c]) => one !== from && {
    ArrowUp: r < row || (r === row && c === column && cells.indexOf(one) < cells.indexOf(from)),
    ArrowDown: r > row || (r === row && c === column && cells.indexOf(one) > cells.indexOf(from)),
    ArrowLeft: c < column,
    ArrowRight: c > column,
  }[key]);
  const vertical = key === "ArrowUp" || key === "ArrowDown";
  const far = ([, r, c]) => (vertical ? Math.abs(r - row) + 100 * Math.abs(c - column) : Math.abs(c - column) + 100 * Math.abs(r - row));
  return ahead.sort((a, b) => far(a) - far(b))[0]?.[0];
}

/** What is being moved; it is remembered in this tab, so that one may turn to another week with it. */
function take(cell) {
  taken = cell && { appointment: cell.dataset.appointment, says: cell.dataset.says };
  if (taken) sessionStorage.setItem(KEPT, JSON.stringify(taken));
  else sessionStorage.removeItem(KEPT);
  tell();
}

function tell() {
  says.textContent = taken ? says.dataset.sayMoving.replace("{slot}", () => taken.says) : "";
}

function drop(cell) {
  if (!taken || !cell?.dataset.free) {
    says.textContent = says.dataset.sayTaken;
    return;
  }
  form.action = `/clinic/appointments/${taken.appointment}/move`;
  form.elements.slot_id.value = cell.dataset.slot;
  const places = { slot: taken.says, time: cell.dataset.says.split(",")[0], column: cell.closest("td").dataset.column };
  says.textContent = says.dataset.sayGoes.replace(/\{(\w+)\}/g, (_all, name) => places[name]);
  form.hidden = false;
  form.elements.reason.focus();
}

form?.addEventListener("submit", () => sessionStorage.removeItem(KEPT));
form?.addEventListener("reset", () => {
  form.hidden = true;
  take(null);
});
if (form && taken) tell();

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.(".grid .cell");
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.startsWith("Arrow")) towards(cell, event.key)?.focus();
  else if (event.key === "Escape") take(null);
  else if (event.key === "m" && taken) drop(cell);
  else if (event.key === "m" && cell.dataset.appointment) take(cell);
  else return;
  event.preventDefault();
});

for (const cell of cells) {
  cell.addEventListener("dragstart", () => take(cell.dataset.appointment ? cell : null));
  if (!cell.dataset.free) continue;
  cell.addEventListener("dragover", (event) => { if (taken) event.preventDefault(); });
  cell.addEventListener("drop", (event) => { event.preventDefault(); drop(cell); });
}
