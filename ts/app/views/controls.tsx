/** How the model is run and which boards are looked at. */
import { BOARDS } from "../../device/index.js";
import type { Schedule } from "../../index.js";
import {
  boards,
  frames,
  MAX_FRAMES,
  MAX_TILE,
  SCHEDULES,
  schedule,
  tile,
  whole,
} from "../state/choice.js";
import { choice } from "../state/simulator.js";
import { Fold } from "./parts.js";

const SCHEDULE_NOTES: Readonly<Record<Schedule, string>> = {
  stream: "state and one tile: ours",
  layer: "whole sequence, fused: the paper's",
  unfused: "textbook, nothing fused",
};

export function Controls() {
  return (
    <Fold title="How it runs" class="controls">
      <fieldset class="choice">
        <legend>Schedule</legend>
        {SCHEDULES.map((name) => (
          <label key={name} class="option">
            <input
              type="radio"
              name="schedule"
              value={name}
              checked={schedule.value === name}
              onChange={() => {
                schedule.value = name;
              }}
            />
            <span class="option-name">{name}</span>
            <span class="option-note">{SCHEDULE_NOTES[name]}</span>
          </label>
        ))}
      </fieldset>
      <div class="numbers">
        <NumberField
          label="Tile"
          unit="frames"
          name="tile"
          value={tile.value}
          most={MAX_TILE}
          isDisabled={schedule.value !== "stream"}
          onValue={(value) => {
            tile.value = value;
          }}
        />
        <NumberField
          label="Sequence"
          unit="frames"
          name="frames"
          value={choice.value.frames}
          most={MAX_FRAMES}
          onValue={(value) => {
            frames.value = value;
          }}
        />
      </div>
      <fieldset class="choice choice-long">
        <legend>Boards</legend>
        {BOARDS.map(({ id, name }) => (
          <label key={id} class="option">
            <input
              type="checkbox"
              name="board"
              value={id}
              checked={boards.value.includes(id)}
              onChange={(event) => toggleBoard(id, event.currentTarget)}
            />
            <span class="option-name">{id}</span>
            <span class="option-note">{name.replace(/^.*\((.*)\)$/, "$1")}</span>
          </label>
        ))}
      </fieldset>
    </Fold>
  );
}

/** At least one stays chosen. */
function toggleBoard(id: string, box: HTMLInputElement): void {
  const others = boards.value.filter((other) => other !== id);
  const next = box.checked ? [...others, id] : others;
  if (next.length === 0) box.checked = true;
  else boards.value = BOARDS.map((board) => board.id).filter((known) => next.includes(known));
}

interface NumberFieldProps {
  readonly label: string;
  readonly unit: string;
  readonly name: string;
  readonly value: number;
  readonly most: number;
  readonly isDisabled?: boolean;
  onValue(value: number): void;
}

function NumberField({ label, unit, name, value, most, isDisabled, onValue }: NumberFieldProps) {
  return (
    <label class="number">
      <span>
        {label} <small>{unit}</small>
      </span>
      <input
        type="number"
        name={name}
        min={1}
        max={most}
        step={1}
        value={value}
        disabled={isDisabled === true}
        onChange={(event) => {
          const next = whole(event.currentTarget.value, 1, most);
          if (next === undefined) event.currentTarget.value = String(value);
          else onValue(next);
        }}
      />
    </label>
  );
}
