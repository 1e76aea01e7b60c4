/** Starts the page: puts it into the document, opens what the address names, and goes offline-ready. */
import { render } from "preact";
import "./style/base.css";
import "./style/layout.css";
import "./style/parts.css";
import { bundledName, followChoice } from "./state/choice.js";
import { keepOffline } from "./state/offline.js";
import { followFigures, openBundled } from "./state/simulator.js";
import { App } from "./views/app.js";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
followChoice();
followFigures();
if (bundledName.value !== null) void openBundled(bundledName.value);
keepOffline();
