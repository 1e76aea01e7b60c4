/** A limit of the arena: the tile it chooses, and what it refuses. */
import { beforeAll, describe, expect, test } from "vitest";
import { ArenaTooSmall, BUDGET_TILES, createBlob, Engine, type Model } from "../../../ts/node.js";
import { NetworkMaker, paperNetwork } from "./networks.js";

let model: Model;
const input = new NetworkMaker(7).frames(37, 5);

beforeAll(async () => {
  const engine = await Engine.load();
  model = await engine.loadModel(await createBlob(engine, paperNetwork()));
});

const arenaOf = (tile: number) => model.plan({ tile }).arenaBytes;

describe("an arena's budget", () => {
  test.each(BUDGET_TILES)("of exactly what tile %i needs gives that tile", (tile) => {
    const arenaBudgetBytes = arenaOf(tile);
    expect(model.plan({ arenaBudgetBytes })).toMatchObject({ tile, arenaBytes: arenaBudgetBytes });
    const session = model.createSession({ arenaBudgetBytes });
    expect(session.plan.tile).toBe(tile);
    expect(session.run(input)).toEqual(model.createSession().run(input));
  });

  test("of one byte less gives the next smaller tile", () => {
    expect(model.plan({ arenaBudgetBytes: arenaOf(4) - 1 }).tile).toBe(2);
  });

  test("of more than any tile needs gives the largest", () => {
    expect(model.plan({ arenaBudgetBytes: 2 ** 40 }).tile).toBe(BUDGET_TILES.at(-1));
  });

  test("that nothing fits is refused with the numbers", () => {
    const refused = { neededBytes: arenaOf(1), haveBytes: arenaOf(1) - 1 };
    const arenaBudgetBytes = refused.haveBytes;
    expect(() => model.plan({ arenaBudgetBytes })).toThrow(ArenaTooSmall);
    expect(() => model.createSession({ arenaBudgetBytes })).toThrow(
      expect.objectContaining(refused),
    );
    expect(() => model.measureArena(input, { arenaBudgetBytes })).toThrow(ArenaTooSmall);
    expect(() => model.operatorCounts(10, { arenaBudgetBytes })).toThrow(ArenaTooSmall);
  });

  test("is a limit, and no choice, where the tile is given or the schedule has none", () => {
    const arenaBudgetBytes = arenaOf(2);
    expect(model.plan({ arenaBudgetBytes, tile: 1 }).tile).toBe(1);
    expect(() => model.plan({ arenaBudgetBytes, tile: 4 })).toThrow(ArenaTooSmall);
    const layer = { schedule: "layer", maxFrames: 100 } as const;
    expect(() => model.plan({ arenaBudgetBytes, ...layer })).toThrow(ArenaTooSmall);
    expect(model.plan({ arenaBudgetBytes: 2 ** 30, ...layer }).tile).toBe(100);
  });

  test("that is not a number of bytes is refused", () => {
    expect(() => model.plan({ arenaBudgetBytes: -1 })).toThrow("arenaBudgetBytes");
    expect(() => model.plan({ arenaBudgetBytes: Number.NaN })).toThrow("arenaBudgetBytes");
  });
});
