/** Lines on the console, and limits, of which any that is not kept makes the program fail. */
import process from "node:process";

const COMPARISONS = { "<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "=": (a, b) => a === b };

export class Report {
  #missed = 0;

  line(text) {
    console.log(text);
  }

  limit(what, value, comparison, bound) {
    if (COMPARISONS[comparison](value, bound)) return;
    this.#missed += 1;
    console.log(`MISSED: ${what}: ${value}, not ${comparison} ${bound}`);
  }

  end() {
    console.log(this.#missed === 0 ? "all limits are kept" : `${this.#missed} limits are missed`);
    if (this.#missed > 0) process.exitCode = 1;
  }
}
