/** The fastest tile of a board, by times that are made up. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { BOARDS } from "../../../ts/device/index.js";
import { createBlob, Engine, type Model } from "../../../ts/node.js";
import { fastestTileBy } from "../../../ts/profile/board-tile.js";
import type { BoardTimer } from "../../../ts/profile/board-time.js";
import { paperNetwork } from "../core/networks.js";

const board = BOARDS.find(({ id }) => id === "rp2040")!;
const FRAMES = 100;
let engine: Engine;
let model: Model;

beforeAll(async () => {
  engine = await Engine.load();
  model = await engine.loadModel(await createBlob(engine, paperNetwork()));
});

afterAll(() => engine.dispose());

/** A time by the tile; without one, the board has no room for it. */
function found(times: Readonly<Record<number, number>>) {
  const timer: BoardTimer = ({ plan }) => {
    const ms = times[plan.tile];
    const time = { ms, lowMs: ms, highMs: ms, operators: [], between: 0, faster: [] };
    return (verdict) => (ms === undefined ? verdict : { ...verdict, time: time as never });
  };
  return fastestTileBy(timer, model, { board, frames: FRAMES });
}

const arenaOf = (tile: number) => model.plan({ tile, maxFrames: FRAMES }).arenaBytes;

test("is the one of the least time, with what it needs beside the smallest", () => {
  const [tile, arenaBytes] = [8, arenaOf(8)];
  expect(found({ 1: 9, 2: 8, 4: 7, 8: 5, 16: 6, 32: 6, 64: 6 })).toEqual({
    ...{ tile, arenaBytes, smallestArenaBytes: arenaOf(1) },
  });
  expect(arenaBytes).toBeGreaterThan(arenaOf(1));
});

test("is the smallest of those that estimates do not tell apart", () => {
  const times = { 1: 9, 2: 5.16, 4: 5.14, 8: 5.1, 16: 5, 32: 5.01, 64: 5.2 };
  expect(found(times)?.tile).toBe(4);
  expect(found({ ...times, 2: 5.15 })?.tile).toBe(2);
});

test("is one that there is room for; none where there is none", () => {
  expect(found({ 1: 9, 2: 8 })?.tile).toBe(2);
  expect(found({ 1: 9 })?.tile).toBe(1);
  expect(found({})).toBeUndefined();
});
