/** What a page logs as its result. */
import { launch } from "../chromium.js";

const PREFIX = "result:";
const TIMEOUT_MS = 30_000;

/** What the page logs as `result:...`. @throws with everything it logged when it does not. */
export async function resultOf(url: string): Promise<string> {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const logged: string[] = [];
    page.on("pageerror", (error) => logged.push(String(error)));
    const message = page.waitForEvent("console", {
      timeout: TIMEOUT_MS,
      predicate: (entry) => {
        logged.push(entry.text());
        return entry.text().startsWith(PREFIX);
      },
    });
    const [entry] = await Promise.all([message, page.goto(url)]).catch((error) => {
      throw new Error(`${error}\nthe page logged:\n${logged.join("\n")}`);
    });
    return entry.text().slice(PREFIX.length);
  } finally {
    await browser.close();
  }
}
