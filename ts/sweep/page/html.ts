/**
 * A sweep as one HTML page that needs nothing beside it: what it shows, the script that shows it and the chart library
 * are inside. Knows nothing of how results came about.
 */
import { readFileSync } from "node:fs";
import { accuracyOf, type Candidate, nameOf, type Summary } from "../summary.js";
import type { PageCandidate, PageData } from "./data.js";
import { PAGE_STYLE } from "./style.js";

/** Both lie beside this file once it is built. */
const CHART_LIBRARY = new URL("./chart.umd.min.js", import.meta.url);
const SCRIPT = new URL("./page.js", import.meta.url);

export function sweepPage(title: string, notes: readonly string[], summary: Summary): string {
  const { tasks, done, failures } = summary;
  const facts = [
    `${done.toLocaleString("en-US")} of ${tasks.toLocaleString("en-US")} tasks done.`,
    ...notes.map((note) => `${note}.`),
    ...failures.map(
      ({ example, message, tasks: some }) => `${some} failed (${example}): ${message}`,
    ),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<ul class="facts">${facts.map((fact) => `<li>${escaped(fact)}</li>`).join("")}</ul>
<form class="choices">
<label for="board">Board</label> <select id="board"></select>
<fieldset id="types"><legend>Number types</legend></fieldset>
</form>
<section aria-labelledby="answer-title"><h2 id="answer-title">Best</h2><p id="answer" aria-live="polite"></p></section>
<section aria-labelledby="charts-title"><h2 id="charts-title">Candidates</h2>
<p>Solid: on the front, where no other is better in one thing without being worse in another. Grey: beyond the limits. A point chosen in one chart is ringed in all.</p>
<div id="charts"></div>
<p id="chosen" aria-live="polite"></p></section>
<section aria-labelledby="front-title"><h2 id="front-title">Front</h2>
<div class="scroll" tabindex="0" role="region" aria-label="The front as a table"><table id="front"></table></div></section>
</main>
<script type="application/json" id="data">${inScript(JSON.stringify(dataOf(title, summary)))}</script>
<script>${inScript(readFileSync(CHART_LIBRARY, "utf8"))}</script>
<script type="module">${inScript(readFileSync(SCRIPT, "utf8"))}</script>
</body>
</html>
`;
}

function dataOf(title: string, { boards, candidates }: Summary): PageData {
  const indices = new Map(candidates.map((candidate, index) => [candidate, index]));
  const indicesOf = (some: readonly Candidate[]) =>
    some.map((candidate) => indices.get(candidate)!);
  return {
    title,
    boards: boards.map(({ id, name, within, front }) => {
      return { id, name, within: indicesOf(within), front: indicesOf(front) };
    }),
    candidates: candidates.map(shown),
  };
}

function shown(candidate: Candidate): PageCandidate {
  const { type, arenaBytes, flashBytes, boards, sets } = candidate;
  const times = Object.entries(boards).flatMap(([id, { fits, ms, lowMs, highMs }]) => {
    if (!fits) return [];
    const isKnown = ms !== undefined && lowMs !== undefined && highMs !== undefined;
    return [[id, isKnown ? ([ms, lowMs, highMs] as const) : null] as const];
  });
  return {
    ...{ name: nameOf(candidate), type, arenaBytes, flashBytes },
    accuracy: accuracyOf(candidate) ?? null,
    disagreements: sets[0]?.disagreements ?? null,
    times: Object.fromEntries(times),
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}

/** A script ends at the first "</script", whatever it is in, and JSON and JavaScript know this escape. */
function inScript(text: string): string {
  return text.replace(/<(?=\/script|!--)/gi, "\\u003c");
}
