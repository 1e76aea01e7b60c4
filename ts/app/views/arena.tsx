/** The arena over time, with a readout of the buffer under the pointer or chosen by key. */
import { useState } from "preact/hooks";
import type { Plan } from "../../index.js";
import { ArenaChart, describeBuffer } from "../charts/arena-chart.js";
import { grouped, percent } from "../format.js";
import { CHARTS } from "../state/charts.js";
import { chosenNode, nodeOfBuffer } from "../state/selection.js";
import { exact } from "../state/simulator.js";
import { staged } from "../state/staged.js";
import type { ExactFigures } from "../worker/protocol.js";
import { Panel } from "./parts.js";

const HEIGHT = 430;
const shown = staged(exact, 1);

export function ArenaPanel() {
  const figures = shown.value;
  return (
    <Panel
      id="arena"
      title="The arena over time"
      basis="exact"
      note="bytes upwards, operators to the right; arrow keys walk through the buffers"
      class="panel-arena"
    >
      {figures === null ? <div class="arena-blank" /> : <Arena figures={figures} />}
    </Panel>
  );
}

function Arena({ figures }: { figures: ExactFigures }) {
  const [selected, setSelected] = useState<number | null>(null);
  const { plan, operators } = figures.chosen;
  const buffer = selected === null ? undefined : plan.buffers[selected];
  return (
    <>
      <dl class="readings">
        <Reading name="arena" value={plan.arenaBytes} note="peak" />
        <Reading
          name="minimum"
          value={plan.minimumBytes}
          note={`overhead ${grouped(plan.overheadBytes)}`}
        />
        <Reading
          name="state"
          value={plan.stateBytes}
          note={share(plan.stateBytes, plan.arenaBytes)}
          kind="state"
        />
        <Reading
          name="scratch"
          value={plan.scratchBytes}
          note={share(plan.scratchBytes, plan.arenaBytes)}
          kind="scratch"
        />
        <Reading
          name="io"
          value={plan.ioBytes}
          note={share(plan.ioBytes, plan.arenaBytes)}
          kind="io"
        />
      </dl>
      <ArenaChart
        id="arena-chart"
        plan={plan}
        operators={operators}
        height={HEIGHT}
        selected={buffer === undefined ? null : selected}
        marked={buffersOfChosen(plan)}
        svg={CHARTS.arena}
        onSelect={setSelected}
      />
      <p class="readout" role="status">
        {buffer === undefined
          ? "Point at a buffer, or focus the chart and use the arrow keys."
          : describeBuffer(buffer, operators, plan)}
      </p>
    </>
  );
}

/** Those of the node that is chosen in the network. */
function buffersOfChosen({ buffers }: Plan): ReadonlySet<number> {
  const node = chosenNode.value;
  if (node === null) return new Set();
  return new Set(buffers.flatMap((buffer, i) => (nodeOfBuffer(buffer) === node ? [i] : [])));
}

function share(bytes: number, of: number): string {
  return percent(bytes / of);
}

interface ReadingProps {
  readonly name: string;
  readonly value: number;
  readonly note: string;
  readonly kind?: string;
}

function Reading({ name, value, note, kind }: ReadingProps) {
  return (
    <div class={`reading ${kind === undefined ? "" : `reading-${kind}`}`}>
      <dt>{name}</dt>
      <dd>
        <span class="reading-value">{grouped(value)}</span> <span class="reading-note">{note}</span>
      </dd>
    </div>
  );
}
