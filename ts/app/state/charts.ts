/** The charts of the page by name, so that they can be taken home. Knows nothing of what they show. */
import { createRef } from "preact";

export const CHARTS = {
  arena: createRef<SVGSVGElement>(),
  unfused: createRef<SVGSVGElement>(),
  layer: createRef<SVGSVGElement>(),
  stream: createRef<SVGSVGElement>(),
  latency: createRef<SVGSVGElement>(),
} as const;

export type ChartName = keyof typeof CHARTS;
