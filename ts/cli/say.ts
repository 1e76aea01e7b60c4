/** What happens while a long command runs, for a person. */
import { stderr } from "node:process";
import { oneLine } from "./text.js";

export function say(text: string): void {
  stderr.write(`mambalite: ${oneLine(text)}\n`);
}
