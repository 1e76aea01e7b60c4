/** The arena over time, with a readout of the buffer under the pointer or chosen by key. */
import { useState } from "preact/hooks";
import { ArenaChart, describeBuffer } from "../charts/arena-chart.js";
import { grouped, percent } from "../format.js";
import { CHARTS } from "../state/charts.js";
import {
  facts,
  operatorsOfBuffer,
  pointed,
  shownBuffers,
  shownOperators,
} from "../state/pointing.js";
import { exact } from "../state/simulator.js";
import { staged } from "../state/staged.js";
import type { ExactFigures } from "../worker/protocol.js";
import { factsText } from "./facts.js";
import { Bytes, Panel } from "./parts.js";
import { Word, type WordName } from "./words.js";

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
        marked={shownBuffers.value}
        columns={shownOperators.value}
        svg={CHARTS.arena}
        onSelect={(index) => {
          setSelected(index);
          pointed.value = index === null ? [] : operatorsOfBuffer(plan.buffers[index]?.name ?? "");
        }}
        onColumn={(operator) => {
          setSelected(null);
          pointed.value = [operator];
        }}
      />
      <p class="readout" role="status">
        {buffer === undefined ? hint() : describeBuffer(buffer, operators, plan)}
      </p>
    </>
  );
}

/** Of the operators that are pointed at, or what can be done. */
function hint(): string {
  if (facts.value !== null) return factsText(facts.value);
  return "Point at a buffer, or focus the chart and use the arrow keys.";
}

function share(bytes: number, of: number): string {
  return percent(bytes / of);
}

interface ReadingProps {
  readonly name: WordName;
  readonly value: number;
  readonly note: string;
  readonly kind?: string;
}

function Reading({ name, value, note, kind }: ReadingProps) {
  return (
    <div class={`reading ${kind === undefined ? "" : `reading-${kind}`}`}>
      <dt>
        <Word name={name} />
      </dt>
      <dd>
        <Bytes bytes={value} note={note} />
      </dd>
    </div>
  );
}
