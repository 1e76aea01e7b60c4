/** Listens to the microphone and prints the words that it hears, in the page and on the console. */
import { WORDS } from "mambalite-micro/models";
import { listen } from "mambalite-micro/streaming";

const button = document.querySelector("button");
const status = document.querySelector("[role=status]");
const list = document.querySelector("ol");

function print({ label, seconds, confidence }) {
  const item = document.createElement("li");
  item.textContent = `${label} (${Math.round(100 * confidence)} %, after ${seconds.toFixed(1)} s)`;
  list.prepend(item);
  console.log(`heard: ${label}`);
}

button.onclick = async () => {
  button.disabled = true;
  try {
    const { arenaBytes, stop } = await listen({
      ...WORDS,
      onDetection: print,
      onNote: ({ busyMs, inputs }) => {
        document.body.dataset.realTime = `${(busyMs * 16) / inputs}`;
      },
      onProblem: ({ message }) => {
        status.textContent = message;
      },
    });
    status.textContent = `listening; ${arenaBytes} bytes of memory on a board`;
    addEventListener("pagehide", stop);
  } catch ({ message }) {
    status.textContent = message;
    button.disabled = false;
  }
};
