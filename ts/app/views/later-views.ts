/**
 * Views, and the export of charts, that are loaded when a person asks for them, all together: in files of their own they
 * would tear apart what they share with the first load, which then compresses worse.
 */
export { captionOf } from "../charts/captions.js";
export { svgFile } from "../charts/export-svg.js";
export { CompareReport } from "./compare-report.js";
export { EvaluateView } from "./evaluate-view.js";
export { FlashView } from "./flash-view.js";
export { QuantizeView } from "./quantize-view.js";
export { RunResults } from "./run-results.js";
export { SerialView } from "./serial-view.js";
