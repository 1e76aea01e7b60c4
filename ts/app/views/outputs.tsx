/** One output of a run: a vector as a table with its bits, anything else as a picture and numbers. */
import { useEffect, useRef } from "preact/hooks";
import type { Axis } from "../../graph/shapes.js";
import { hexWord } from "../../hex-word.js";
import type { Output } from "../../index.js";
import { paintGrid } from "../charts/heat.js";
import { grouped, percent } from "../format.js";
import { type Range, Scroll, SignedBar } from "./parts.js";

/** Logits of a vocabulary are too many to read. */
const SHOWN_ELEMENTS = 24;
/** Of rows over time the first ones, and of each the first elements. */
const SHOWN_ROWS = 16;
const SHOWN_COLUMNS = 6;
const MOST_PICTURE_COLUMNS = 4096;
const LEAST_PROBABILITY = 0.001;

interface OutputProps {
  readonly output: Output;
  /** Of an exported model: what the dimensions are of, the batch aside. */
  readonly axes?: readonly Axis[] | undefined;
  /** -1: none. */
  readonly classIndex: number;
  /** One an element, or empty. */
  readonly labels: readonly string[];
  /** One an element, where they are logits of classes. */
  readonly probabilities?: Float32Array | undefined;
  /** Its name says nothing then. */
  readonly isOnly: boolean;
}

export function OutputView(props: OutputProps) {
  const { output, axes, isOnly } = props;
  return (
    <section class="output" aria-label={`Output ${output.name}`}>
      {!isOnly && <h3>{output.name}</h3>}
      {output.shape.length < 2 ? <VectorTable {...props} /> : <Rows output={output} axes={axes} />}
    </section>
  );
}

function VectorTable({ output, classIndex, labels, probabilities, isOnly }: OutputProps) {
  const { name, data } = output;
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const range = rangeOf(data);
  const order = shownElements(data);
  const isOne = data.length === 1;
  return (
    <>
      <Scroll label={isOnly ? "Logits" : name} isTall>
        <table class="table logits">
          <thead>
            <tr>
              <th scope="col" class="left">
                {isOne ? "output" : isOnly ? "class" : "element"}
              </th>
              <th scope="col" class="signed">
                <span class="signed-ends" aria-hidden="true">
                  <span>{range.low < 0 ? "\u2212" : ""}</span>
                  <span>+</span>
                </span>
                <span class="hidden">below or above 0</span>
              </th>
              {probabilities && (
                <th scope="col" title="softmax of the logits">
                  probability
                </th>
              )}
              <th scope="col">{isOne || !isOnly ? "value" : "logit"}</th>
              <th scope="col">bits</th>
            </tr>
          </thead>
          <tbody>
            {order.map((i) => (
              <tr key={i} class={i === classIndex ? "row-best" : ""}>
                <th scope="row" class="left">
                  {isOne ? (labels[0] ?? "value") : className(labels, i)}
                </th>
                <td class="signed">
                  <SignedBar value={data[i] ?? 0} range={range} />
                </td>
                {probabilities && <td>{probabilityText(probabilities[i] ?? 0)}</td>}
                <td>{valueText(data[i])}</td>
                <td class="bits">{hexWord(bits[i] ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {data.length > order.length && (
        <p class="fine">
          the largest {order.length} of {grouped(data.length)}
        </p>
      )}
    </>
  );
}

/** Of the finite values, and 0. */
function rangeOf(data: Float32Array): Range {
  const finite = data.filter(Number.isFinite);
  return { low: Math.min(0, ...finite), high: Math.max(0, ...finite) };
}

/** Less than can be read is not said to be nothing, nor nearly all to be all. */
function probabilityText(probability: number): string {
  if (probability < LEAST_PROBABILITY) return `< ${percent(LEAST_PROBABILITY)}`;
  const most = 1 - LEAST_PROBABILITY;
  return probability > most && probability < 1 ? `> ${percent(most)}` : percent(probability);
}

/** All in their order, or the largest first when there are very many. */
function shownElements(data: Float32Array): number[] {
  const all = Array.from(data.keys());
  if (all.length <= SHOWN_ELEMENTS) return all;
  return all.sort((a, b) => (data[b] ?? 0) - (data[a] ?? 0)).slice(0, SHOWN_ELEMENTS);
}

export function valueText(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "not finite";
  return value.toPrecision(9).replace("-", "\u2212");
}

export function className(labels: readonly string[], index: number): string {
  if (index < 0) return "none";
  return labels[index] ?? `class ${index}`;
}

interface RowsProps {
  readonly output: Output;
  readonly axes: readonly Axis[] | undefined;
}

/** Rows are along the last dimension, however many there are before it. */
function Rows({ output, axes }: RowsProps) {
  const { name, data, shape } = output;
  const width = shape.at(-1) ?? 0;
  const rows = width === 0 ? 0 : data.length / width;
  const isTimeLast = axes?.at(-1) === "time";
  const columns = Math.min(width, SHOWN_COLUMNS);
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
  return (
    <>
      <HeatStrip name={name} data={data} rows={rows} isTimeLast={isTimeLast} />
      <Scroll label={`Rows of ${name}`} isTall>
        <table class="table rows">
          <thead>
            <tr>
              <th scope="col">{axes === undefined ? "row" : axes.join(" \u00d7 ")}</th>
              {numbers(columns).map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {numbers(Math.min(rows, SHOWN_ROWS)).map((row) => (
              <tr key={row}>
                <th scope="row">{row}</th>
                {numbers(columns).map((column) => (
                  <td key={column}>{valueText(data[row * width + column])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="fine">
        {grouped(rows)} rows of {grouped(width)}
        {axes !== undefined && `: [${shape.join(", ")}], as the module gives it`}
        {(rows > SHOWN_ROWS || width > columns) && "; the picture has all of them"}
      </p>
    </>
  );
}

interface StripProps {
  readonly name: string;
  readonly data: Float32Array;
  readonly rows: number;
  /** Rows are then elements over time, and not elements at a time. */
  readonly isTimeLast: boolean;
}

/** Time to the right, elements downwards. */
function HeatStrip({ name, data, rows, isTimeLast }: StripProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = rows === 0 ? 0 : data.length / rows;
  const [times, elements] = isTimeLast ? [width, rows] : [rows, width];
  const columns = Math.min(times, MOST_PICTURE_COLUMNS);
  useEffect(() => {
    if (canvas.current === null) return;
    const turned = Float32Array.from({ length: elements * columns }, (_, i) => {
      const [element, time] = [Math.floor(i / columns), i % columns];
      return data[isTimeLast ? element * times + time : time * elements + element] ?? 0;
    });
    paintGrid(canvas.current, turned, columns);
  }, [data, times, elements, columns, isTimeLast]);
  if (rows === 0) return null;
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (
    <figure class="strip">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${name}: ${rows} rows of ${width}, largest magnitude ${largest.toPrecision(3)}`}
      />
      <figcaption>
        {name}: time to the right, {elements} elements downwards; the brighter, the further from 0{" "}
        <span>{`|max| ${largest.toPrecision(3)}`}</span>
      </figcaption>
    </figure>
  );
}
