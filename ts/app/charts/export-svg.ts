/**
 * A chart of the page as an SVG file that looks the same anywhere: what the style sheet says becomes
 * attributes. Knows nothing of what the chart shows.
 */
import { withoutControls } from "../../plain-text.js";
import { type Caption, type Frame, frameOf } from "./svg-frame.js";

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

export function svgFile(chart: SVGSVGElement, caption: Caption): string {
  const frame = frameOf(chart, caption);
  const copy = withStyles(chart, frame);
  const [width, height] = [chart.clientWidth, chart.clientHeight];
  const fullHeight = frame.headHeight + height + frame.footHeight;
  const drawing = group(0, frame.headHeight);
  const [head, foot] = [...copy.children].slice(-2) as [Element, Element];
  drawing.append(...[...copy.children].filter((child) => child !== head && child !== foot));
  foot.setAttribute("transform", `translate(0 ${frame.headHeight + height})`);
  copy.append(head, drawing, foot);
  copy.setAttribute("xmlns", NAMESPACE);
  copy.setAttribute("viewBox", `0 0 ${width} ${fullHeight}`);
  copy.setAttribute("height", `${fullHeight}`);
  copy.setAttribute("role", "img");
  copy.prepend(named("title", caption.title), named("desc", caption.text), background());
  // Names come from files; XML has no form for most control characters, not even an escaped one.
  return withoutControls(new XMLSerializer().serializeToString(copy));
}

/** The frame is in the page as long as it takes to see what the style sheet makes of it, too short to be drawn. */
function withStyles(chart: SVGSVGElement, { head, foot }: Frame): SVGSVGElement {
  chart.append(head, foot);
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const originals = [chart, ...chart.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((original, i) => {
    const target = copies[i];
    if (target !== undefined) writeStyle(target, getComputedStyle(original));
  });
  head.remove();
  foot.remove();
  return copy;
}

function group(x: number, y: number): Element {
  const made = document.createElementNS(NAMESPACE, "g");
  made.setAttribute("transform", `translate(${x} ${y})`);
  return made;
}

function named(name: "title" | "desc", text: string): Element {
  const made = document.createElementNS(NAMESPACE, name);
  made.textContent = text;
  return made;
}

function background(): Element {
  const made = document.createElementNS(NAMESPACE, "rect");
  made.setAttribute("width", "100%");
  made.setAttribute("height", "100%");
  made.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  return made;
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
