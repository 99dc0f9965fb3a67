// The page of one procedure: an interactive chart in place of the drawing, and a slider through what was known.
// Without this module the page says and shows the same.

function loaded(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

function reads(item) {
  if (!item?.datum?.on || item.datum.pain === undefined) return "";
  const day = new Date(item.datum.on).toLocaleDateString(document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const { pain, worst = null } = item.datum;
  const says = document.getElementById("reading").dataset;
  const text = worst === null ? says.sayAverage : says.sayWorst;
  return text.replace("{day}", day).replace("{pain}", pain).replace("{worst}", worst);
}

async function chart() {
  const place = document.getElementById("chart");
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const narrow = matchMedia("(max-width: 40rem)").matches;
  const address = document.getElementById("procedure").dataset.chart + (dark ? "&theme=dark" : "") + (narrow ? "&fit=narrow" : "");
  const answer = await fetch(address);
  if (!answer.ok) return;
  const [spec] = await Promise.all([answer.json(), window.vegaEmbed ? null : loaded("/clinic/assets/vega.js")]);
  const drawn = document.createElement("div");
  const reading = document.getElementById("reading");
  // the page allows no eval: expressions are interpreted; styles of the library's own would be inline
  const options = { ast: true, renderer: "svg", actions: false, defaultStyle: false, logLevel: 1, tooltip: () => {} };
  const { view } = await window.vegaEmbed(drawn, spec, options);
  view.addEventListener("mousemove", (_event, item) => { reading.textContent = reads(item); });
  const picture = place.querySelector("picture");
  // the chart is described as a whole, not mark by mark
  for (const mark of drawn.querySelectorAll("[role]")) {
    for (const name of ["role", "aria-roledescription", "aria-label"]) mark.removeAttribute(name);
  }
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", place.querySelector("img")?.alt ?? "");
  (picture ?? place.firstElementChild).replaceWith(drawn);
}

let asked = 0;
async function show(address) {
  const mine = ++asked;
  const answer = await fetch(address);
  if (!answer.ok || mine !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [before, after] = [document, page].map((one) => one.getElementById("procedure"));
  before.dataset.chart = after.dataset.chart;
  for (const part of [".titled", ".answer", "#chart", ".columns"]) {
    before.querySelector(part).replaceWith(after.querySelector(part));
  }
  before.querySelector(".past")?.remove();
  const past = after.querySelector(".past");
  if (past) before.querySelector(".titled").after(past);
  history.replaceState(null, "", address);
  await chart();
}

function slider() {
  const [range, day] = [document.getElementById("day"), document.getElementById("known_on")];
  if (Number(range.max) < 1) return;
  range.hidden = false;
  let waiting;
  const ask = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => show(`${day.form.getAttribute("action")}?${new URLSearchParams(new FormData(day.form))}`), 200);
  };
  range.addEventListener("input", () => {
    const on = new Date(range.dataset.first + "T00:00:00Z");
    on.setUTCDate(on.getUTCDate() + Number(range.value));
    day.value = on.toISOString().slice(0, 10);
    ask();
  });
}

slider();
chart();
