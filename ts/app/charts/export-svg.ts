/**
 * A chart of the page as an SVG file that looks the same anywhere: what the style sheet says becomes
 * attributes. Knows nothing of what the chart shows.
 */
import { withoutControls } from "../../plain-text.js";

const PROPERTIES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "dominant-baseline",
  "paint-order",
] as const;

const NAMESPACE = "http://www.w3.org/2000/svg";
const INTERACTION = ["role", "tabindex", "class", "id", "aria-activedescendant", "aria-selected"];

export function svgFile(chart: SVGSVGElement): string {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const originals = [chart, ...chart.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((original, i) => {
    const target = copies[i];
    if (target !== undefined) writeStyle(target, getComputedStyle(original));
  });
  copy.setAttribute("xmlns", NAMESPACE);
  copy.setAttribute("viewBox", `0 0 ${chart.clientWidth} ${chart.clientHeight}`);
  const background = document.createElementNS(NAMESPACE, "rect");
  background.setAttribute("width", "100%");
  background.setAttribute("height", "100%");
  background.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(background);
  // Names come from files; XML has no form for most control characters, not even an escaped one.
  return withoutControls(new XMLSerializer().serializeToString(copy));
}

/** Patterns keep their ids: other elements refer to them. */
function writeStyle(target: Element, style: CSSStyleDeclaration): void {
  for (const property of PROPERTIES) {
    const value = style.getPropertyValue(property);
    if (value !== "" && value !== "none") target.setAttribute(property, localUrl(value));
    if (value === "none") target.setAttribute(property, "none");
  }
  for (const name of INTERACTION) {
    if (name === "id" && target.tagName === "pattern") continue;
    target.removeAttribute(name);
  }
}

/** url("http://.../#p") is how browsers report a reference inside the page. */
function localUrl(value: string): string {
  return value.replace(/url\(["']?[^#"')]*(#[^"')]+)["']?\)/, "url($1)");
}
