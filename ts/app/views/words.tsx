/** Words of the field, each explained where it stands: a button that shows what it means. Knows nothing of models. */
import { signal } from "@preact/signals";

const MEANINGS = {
  arena:
    "Arena: the one block of RAM that a session needs. The caller gives it, its size is known before anything runs, and nothing else is allocated.",
  minimum:
    "Minimum: most bytes that are alive at once. No way to place the buffers could do with less; what the arena has more is overhead.",
  state:
    "State: what the network remembers from frame to frame. It does not grow with the sequence.",
  scratch: "Scratch: rows between operators. They are dead when the next operators have read them.",
  io: "io: the outputs, which the caller reads.",
  schedule:
    "Schedule: what is done first. It changes memory and time, and never a bit of the result.",
  stream:
    "stream: frames run through the whole network as they come, one tile at a time. Only the state and one tile are in memory.",
  layer: "layer: each layer runs over the whole sequence before the next one begins.",
  unfused:
    "unfused: as layer, with every product of the scan written out, as textbooks have it. To compare with.",
  tile: "Tile: frames that run through the network together. More take more memory, and read the weights less often.",
  macs: "MACs: multiplications, each with the addition behind it, over the whole input.",
  exps: "exps: exponentials and the like (of SiLU, softplus, the scan): each costs as much as many MACs.",
} as const;

export type WordName = keyof typeof MEANINGS;

const ID = "meaning";
const shown = signal<WordName>("arena");

export function Word({ name, text = name }: { name: WordName; text?: string }) {
  return (
    <button
      type="button"
      class="word"
      popovertarget={ID}
      aria-label={`${text}: what is that?`}
      onClick={() => {
        shown.value = name;
      }}
    >
      {text}
    </button>
  );
}

/** Once a page; it opens beside the word that was asked for, and closes with Escape or a click elsewhere. */
export function Meaning() {
  return (
    <p id={ID} class="meaning" popover="auto" role="status">
      {MEANINGS[shown.value]}
    </p>
  );
}
