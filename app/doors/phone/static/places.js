// Sites of the body in words, and the plain figure on which one is shown. People know their back, not its Latin.

import { h, svg } from "./ui.js";
import { t } from "./words.js";

export const REGIONS = ["cervical", "thoracic", "lumbar", "sacroiliac"];

/** A site in words, such as "left low back". */
export function siteName({ region, side }) {
  return {
    "cervical left": t("left neck"), "cervical right": t("right neck"), "cervical both": t("neck"),
    "thoracic left": t("left upper back"), "thoracic right": t("right upper back"), "thoracic both": t("upper back"),
    "lumbar left": t("left low back"), "lumbar right": t("right low back"), "lumbar both": t("low back"),
    "sacroiliac left": t("left buttock"), "sacroiliac right": t("right buttock"), "sacroiliac both": t("buttocks"),
  }[`${region} ${side ?? "both"}`] ?? t("somewhere else");
}

const SHAPES = { // of each region on the back of a figure 120 wide, its left half; the right one mirrors it
  cervical: "M60 42 H47 Q46 54 41 60 H60 Z",
  thoracic: "M60 61 H30 Q27 80 32 104 H60 Z",
  lumbar: "M60 106 H33 Q35 122 33 138 H60 Z",
  sacroiliac: "M60 140 H32 Q27 152 30 170 H60 Z",
};

/** The back of a body; `chosen` is a site, `choose` is called with one. */
export function bodyFigure(chosen, choose) {
  const parts = REGIONS.flatMap((region) => ["left", "right"].map((side) => {
    const site = { region, side };
    const pressed = chosen?.region === region && (chosen.side === side || chosen.side === "both");
    const act = () => choose(site);
    const shape = svg("path", {
      d: SHAPES[region], role: "button", tabindex: "0", "aria-pressed": String(pressed), "aria-label": siteName(site),
      onclick: act, onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } },
    });
    if (side === "right") shape.setAttribute("transform", "translate(120 0) scale(-1 1)");
    return shape;
  }));
  const figure = svg("svg", { viewBox: "0 0 120 232", class: "body", role: "group", "aria-label": t("Your back, seen from behind") },
    svg("g", { fill: "none", stroke: "currentColor", "stroke-width": "1.5", "aria-hidden": "true" },
      svg("circle", { cx: 60, cy: 24, r: 16 }),
      svg("path", { d: "M30 62 Q18 66 17 84 L12 138 M90 62 Q102 66 103 84 L108 138 M32 172 L38 230 M58 172 L56 230 M62 172 L64 230 M88 172 L82 230" })),
    parts);
  return h("div", {}, h("p", { class: "soft", "aria-hidden": "true" }, t("Your back, seen from behind")),
    h("p", { class: "anchors", "aria-hidden": "true" }, h("span", {}, t("left")), h("span", {}, t("right"))), figure);
}
