/** How the model is run and which boards are looked at. */

import { SCHEDULES, type Schedule } from "../../core/plan.js";
import { BOARDS } from "../../device/index.js";
import {
  boards,
  budget,
  frames,
  MAX_BUDGET,
  MAX_FRAMES,
  MAX_TILE,
  schedule,
  tile,
  whole,
} from "../state/choice.js";
import { choice, exact, foldModel, model } from "../state/simulator.js";
import { Fold } from "./parts.js";
import { Word } from "./words.js";

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
          value={budget.value > 0 ? (exact.value?.chosen.plan.tile ?? tile.value) : tile.value}
          most={MAX_TILE}
          isDisabled={schedule.value !== "stream" || budget.value > 0}
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
        <NumberField
          label="Budget"
          unit="bytes of arena"
          name="budget"
          value={budget.value}
          least={0}
          most={MAX_BUDGET}
          onValue={(value) => {
            budget.value = value;
          }}
        />
      </div>
      <p class="fine">
        <Word name="schedule" />, <Word name="tile" />, <Word name="arena" />: what are they?
      </p>
      <FoldChoice />
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

/** Only of a checkpoint: a blob is what it is. */
function FoldChoice() {
  if (model.value?.hasCheckpoint !== true) return null;
  return (
    <label class="option">
      <input
        type="checkbox"
        name="fold"
        checked={model.value.isFolded}
        onChange={(event) => void foldModel(event.currentTarget.checked)}
      />
      <span class="option-name">fold</span>
      <span class="option-note">linear layers together: less work, other last bits</span>
    </label>
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
  /** Default 1. */
  readonly least?: number;
  readonly most: number;
  readonly isDisabled?: boolean;
  onValue(value: number): void;
}

function NumberField(props: NumberFieldProps) {
  const { label, unit, name, value, least = 1, most, isDisabled, onValue } = props;
  return (
    <label class="number">
      <span>
        {label} <small>{unit}</small>
      </span>
      <input
        type="number"
        name={name}
        min={least}
        max={most}
        step={1}
        value={value}
        disabled={isDisabled === true}
        onChange={(event) => {
          const next = whole(event.currentTarget.value, least, most);
          if (next === undefined) event.currentTarget.value = String(value);
          else onValue(next);
        }}
      />
    </label>
  );
}
