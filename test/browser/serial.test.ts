/** The board's answer in the page, over a serial port that leads to a stand-in for a board. */
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { readNpy } from "../../ts/checkpoint/npy.js";
import { Engine, type Model } from "../../ts/node.js";
import { hasChromium, needsChromium } from "../chromium.js";
import { bundled, har, harInput, json, kws, temporaryFolder } from "../cli/support.js";
import { StandIn, type StandInOptions } from "../runner/stand-in.js";
import { bridge, unplug } from "./serial-bridge.js";
import {
  appInBrowser,
  downloaded,
  openModel,
  type Visit,
  violations,
  visit,
  waitForReport,
} from "./support.js";

const temporary = temporaryFolder();

let model: Model;
let example: Float32Array;

beforeAll(async () => {
  const engine = await Engine.load();
  model = await engine.loadModel(readFileSync(har));
  example = readNpy(readFileSync(harInput)).data as Float32Array;
});

describe.skipIf(!hasChromium)(`a board that the page talks to${needsChromium}`, () => {
  const held = appInBrowser();

  /** The page with the panel open, and a board that starts when the port is opened. */
  async function visitWith(options: StandInOptions, query: string): Promise<Visit> {
    let board: StandIn | undefined;
    const prepare = (page: Visit["page"]) =>
      bridge(page, {
        open: (says) => {
          board = new StandIn(says, options);
          board.start();
        },
        take: (bytes) => board?.take(bytes),
        close: () => {},
      });
    const visited = await visit(held.browser, held.site, { query, prepare });
    await waitForReport(visited.page);
    await visited.page.getByRole("button", { name: "Talk to a board…" }).click();
    return visited;
  }

  it("shows its console and its times beside the estimate, runs on it, and keeps what it said", async () => {
    const { page, context, complaints } = await visitWith({ model, example }, "?model=har");
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.waitForSelector("#serial [data-total='123456']");
    expect(await page.textContent("#serial .board-facts")).toContain("4,000 of 12,000 bytes");
    expect(await page.textContent("#serial pre")).toContain(
      "self-test MLM_OK\nclass 0 WALKING (example)\n",
    );
    const { name, bytes } = await downloaded(page, "Save what it said (.txt)");
    expect(name).toBe("microbit-timing.txt");
    const file = temporary(name);
    writeFileSync(file, bytes);
    const row = json(["timing", "add", file]);
    const cells = await page
      .locator("#serial tbody tr")
      .evaluateAll((rows) => rows.map(({ children }) => [...children].map((c) => c.textContent)));
    expect(cells.map(([op, measured]) => [op, measured])).toEqual(
      row.operators.map(({ name: op, measured }: { name: string; measured: number }) => [
        op,
        measured.toLocaleString("en-US"),
      ]),
    );

    await page.getByRole("button", { name: "on the board: laying" }).click();
    await expect
      .poll(() => page.textContent("#serial .board-runs"))
      .toBe("laying: LAYING, the same bits as in this page");
    await page.setInputFiles('input[name="board-input"]', bundled("har", "standing.npy"));
    await expect
      .poll(() => page.textContent("#serial .board-runs"))
      .toBe("standing.npy: STANDING, the same bits as in this page");
    await page.getByRole("button", { name: "Have it measure again" }).click();
    await page.waitForSelector("#serial [data-board-work=idle]");
    await page.fill("#serial input[name=command]", "frobnicate");
    await page.getByRole("button", { name: "Send" }).click();
    await expect
      .poll(() => page.textContent("#serial pre"))
      .toMatch(/> frobnicate\nstatus unknown command, try help$/);
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.waitForSelector("#serial [data-total='123456']");
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("says which model the board has instead, and compares when that one is opened", async () => {
    const { page, context } = await visitWith({ model, example }, "?model=kws");
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await expect
      .poll(() => page.textContent("#serial [role=alert]"))
      .toMatch(
        /^the board's model: expected the open one \(CRC-32 [0-9a-f]{8}\), got [0-9a-f]{8}$/,
      );
    await openModel(page, har);
    await page.waitForSelector("#serial [data-total='123456']");
    expect(await page.textContent("#serial [role=alert]")).toBe("");
    await openModel(page, kws);
    await expect.poll(() => page.textContent("#serial [role=alert]")).toMatch(/^the board's model/);
    expect(await page.locator("#serial [data-total]").count()).toBe(0);
    await context.close();
  });

  it("says what is wrong: no model, other bits, a device that has gone", async () => {
    const bare = await visitWith({}, "?model=har");
    await bare.page.getByRole("button", { name: "Connect", exact: true }).click();
    await expect
      .poll(() => bare.page.textContent("#serial [role=alert]"))
      .toBe("the board has no model (no model): save a file for it above");
    await bare.context.close();

    const change = (line: string) => line.replace(/^logits ......../, "logits 00000000");
    const { page, context } = await visitWith({ model, example, change }, "?model=har");
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByRole("button", { name: "on the board: walking" }).click();
    await expect
      .poll(() => page.textContent("#serial .board-runs"))
      .toMatch(/^walking: WALKING, other bits than in this page: logit 0 is 00000000, not/);
    await unplug(page);
    await expect
      .poll(() => page.textContent("#serial [role=alert]"))
      .toBe("the board is gone: The device has been lost.");
    expect(await page.getByRole("button", { name: "Connect", exact: true }).count()).toBe(1);
    await context.close();
  });

  it("points to the terminal in a browser that has no serial ports", async () => {
    const prepare = async (page: Visit["page"]) => {
      await page.addInitScript("delete Navigator.prototype.serial");
    };
    const { page, context } = await visit(held.browser, held.site, {
      query: "?model=har",
      prepare,
    });
    await waitForReport(page);
    await page.getByRole("button", { name: "Talk to a board…" }).click();
    await expect
      .poll(() => page.textContent("#serial"))
      .toContain("npx mambalite serial PORT does the same");
    await context.close();
  });
});
