/** Where the core may come from, and what is said when it does not come. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadArgument, BadWasm, createBlob, Disposed, Engine, logitsOf } from "../../../ts/node.js";
import { NetworkMaker, paperNetwork } from "./networks.js";

const BASELINE = new URL("../../../wasm/core.wasm", import.meta.url);
const SIMD = new URL("../../../wasm/core.simd.wasm", import.meta.url);
const HTML = "<!DOCTYPE html>\n<html><body>Not found</body></html>";
const WASM_HEADERS = { "content-type": "application/wasm" };
/** (module (import "env" "now" (func))) */
const NEEDS_IMPORT = Uint8Array.from([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 11, 1, 3, 0x65, 0x6e, 0x76, 3, 0x6e,
  0x6f, 0x77, 0, 0,
]);
const EMPTY_MODULE = NEEDS_IMPORT.slice(0, 8);

function bytesOf(url: URL): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(url));
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function expectWorking(engine: Engine): Promise<void> {
  const model = await engine.loadModel(await createBlob(engine, paperNetwork()));
  model.createSession().selfTest();
  model.dispose();
}

describe("Engine.load", () => {
  test("needs nothing, and tells what it loaded", async () => {
    const engine = await Engine.load();
    expect(engine.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(engine.simd).toBe(true);
    await expectWorking(engine);
  });

  test.each([
    ["on", true],
    ["off", false],
  ] as const)("simd %s", async (simd, expected) => {
    const engine = await Engine.load({ simd });
    expect(engine.simd).toBe(expected);
    await expectWorking(engine);
  });

  test.each([
    ["URL", () => BASELINE],
    ["file: URL as text", () => BASELINE.href],
    ["path", () => fileURLToPath(BASELINE)],
    ["Uint8Array", () => bytesOf(BASELINE)],
    ["part of a buffer", () => new DataView(Uint8Array.of(1, ...bytesOf(BASELINE)).buffer, 1)],
    ["ArrayBuffer", () => bytesOf(BASELINE).buffer],
    ["module", () => new WebAssembly.Module(bytesOf(BASELINE))],
    ["Response", () => new Response(bytesOf(BASELINE), { headers: WASM_HEADERS })],
    ["Response of the wrong type", () => new Response(bytesOf(BASELINE))],
    ["promised Response", () => Promise.resolve(new Response(bytesOf(BASELINE)))],
    [
      "data: URL",
      () => `data:application/wasm;base64,${Buffer.from(bytesOf(BASELINE)).toString("base64")}`,
    ],
  ])("takes a core as %s", async (_, make) => {
    const engine = await Engine.load({ wasm: make() });
    expect(engine.simd).toBe(false);
    await expectWorking(engine);
  });

  test("compiles a response as it streams in, where that is possible", async () => {
    const streaming = vi.spyOn(WebAssembly, "compileStreaming");
    await Engine.load({ wasm: new Response(bytesOf(SIMD), { headers: WASM_HEADERS }) });
    expect(streaming).toHaveBeenCalledOnce();
  });

  test("fetches what is not a file", async () => {
    const fetch = vi.fn(async () => new Response(bytesOf(SIMD), { headers: WASM_HEADERS }));
    vi.stubGlobal("fetch", fetch);
    const engine = await Engine.load({ wasm: "https://example.org/core.simd.wasm" });
    expect(fetch).toHaveBeenCalledWith("https://example.org/core.simd.wasm");
    expect(engine.simd).toBe(true);
  });

  test("falls back to the baseline without SIMD, or says that there is none", async () => {
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    expect((await Engine.load()).simd).toBe(false);
    await expect(Engine.load({ simd: "on" })).rejects.toThrow(/does not support/);
    await expect(Engine.load({ simd: "on" })).rejects.toThrow(BadWasm);
  });

  test("refuses a core that is not as asked for", async () => {
    await expect(Engine.load({ simd: "off", wasm: SIMD })).rejects.toThrow(BadWasm);
    await expect(Engine.load({ simd: "on", wasm: BASELINE })).rejects.toThrow(/built without/);
  });

  test.each([
    ["HTML", new TextEncoder().encode(HTML), /HTML page/],
    ["JSON", new TextEncoder().encode('{"error":404}'), /JSON/],
    ["nothing", new Uint8Array(0), /empty/],
    ["other bytes", Uint8Array.of(1, 2, 3, 4), /01 02 03 04/],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0), /gzip/],
    ["half a core", bytesOf(BASELINE).slice(0, 2000), /does not compile/],
    ["another module", NEEDS_IMPORT, /imports env\.now/],
    ["an empty module", EMPTY_MODULE, /no export/],
  ])("says what %s is", async (_, wasm, message) => {
    for (const given of [wasm, new Response(wasm), new Response(wasm, { headers: WASM_HEADERS })]) {
      const error = await Engine.load({ wasm: given }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(BadWasm);
      expect(String(error)).toMatch(message);
    }
  });

  test("names the place of a core that is not there", async () => {
    const missing = new URL("missing.wasm", BASELINE);
    await expect(Engine.load({ wasm: missing })).rejects.toThrow(/missing\.wasm: cannot be read/);
    const notFound = () => new Response(HTML, { status: 404 });
    vi.stubGlobal("fetch", async () => notFound());
    const remote = "https://example.org/core.wasm";
    await expect(Engine.load({ wasm: remote })).rejects.toThrow(/core\.wasm: HTTP status 404/);
    await expect(Engine.load({ wasm: notFound() })).rejects.toThrow(/HTTP status 404/);
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
    await expect(Engine.load({ wasm: remote })).rejects.toThrow(/could not be fetched: offline/);
    const failed = Promise.reject<Response>(new TypeError("offline"));
    await expect(Engine.load({ wasm: failed })).rejects.toThrow(BadWasm);
  });

  test("says why a response cannot be read", async () => {
    const used = new Response(bytesOf(BASELINE), { headers: WASM_HEADERS });
    await used.arrayBuffer();
    await expect(Engine.load({ wasm: used })).rejects.toThrow(BadWasm);
  });

  test("refuses other arguments", async () => {
    await expect(Engine.load({ simd: "yes" as "on" })).rejects.toThrow(BadArgument);
    await expect(Engine.load({ wasm: 5 as unknown as string })).rejects.toThrow(BadArgument);
  });
});

describe("an Engine", () => {
  test("opens no model after dispose, but those that it opened live on", async () => {
    const engine = await Engine.load();
    const blob = await createBlob(engine, paperNetwork());
    const model = await engine.loadModel(blob);
    engine.dispose();
    engine.dispose();
    expect(engine.alive).toBe(false);
    await expect(engine.loadModel(blob)).rejects.toThrow(Disposed);
    const outputs = model.createSession().run(new NetworkMaker(1).frames(2, 5));
    expect(logitsOf(outputs)).toHaveLength(3);
  });
});
