import { describe, expect, it } from "vitest";
import {
  abbreviate,
  describe as describeValue,
  oneLine,
  quoted,
  shorten,
  shortLine,
  withoutControls,
} from "../../ts/plain-text.js";

/** Within itself, at two levels of every one: 2^n of them to whoever walks it. */
function doubled(levels: number): unknown[] {
  let list: unknown[] = [];
  for (let i = 0; i < levels; i++) list = [list, list];
  return list;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

describe("oneLine", () => {
  it("writes out what is not seen, and makes one line of several", () => {
    expect(oneLine(" a \r\n\n b\u2028c ")).toBe("a b c");
    expect(oneLine("\u001b[2J\u009b1A\u202e\u0000\t\u00ad\ud800")).toBe(
      "\\u{1b}[2J\\u{9b}1A\\u{202e}\\u{0}\\u{9}\\u{ad}\\u{d800}",
    );
    expect(oneLine("a  b, é, 音, 😀")).toBe("a  b, é, 音, 😀");
  });

  it("takes no longer for a run of spaces than for other text", () => {
    const began = performance.now();
    expect(oneLine(`a${" ".repeat(1 << 20)}b`)).toHaveLength((1 << 20) + 2);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("withoutControls", () => {
  it("leaves nothing that XML has no form for", () => {
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join("");
    // Char of XML 1.0, section 2.2.
    expect(withoutControls(all)).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]*$/);
  });
});

describe("shorten", () => {
  it("keeps the beginning and the end", () => {
    expect(shorten("0123456789", 10)).toBe("0123456789");
    expect(shorten("0123456789a", 10)).toBe("012345\u202689a");
    expect(shorten("x".repeat(1 << 24), 50)).toHaveLength(50);
  });

  it("holds for what is written out as well", () => {
    expect(shortLine("\u0001".repeat(1000), 60).length).toBeLessThanOrEqual(60);
    expect(quoted('"'.repeat(1000)).length).toBeLessThanOrEqual(62);
  });
});

describe("describe", () => {
  it.each([
    [undefined, "nothing"],
    [null, "null"],
    [true, "true"],
    [-1.5, "-1.5"],
    [2n ** 70n, "1180591620717411303424"],
    ["a\n", '"a\\n"'],
    [[], "[]"],
    [[1, "a", null, [1], { a: 1 }], '[1, "a", null, [...], \u2026]'],
    [{ a: 1 }, "{...}"],
    [new Map(), "{...}"],
  ])("writes it: %#", (value, text) => {
    expect(describeValue(value)).toBe(text);
  });

  it.each([
    ["lists that hold lists twice", doubled(60)],
    ["deep nesting", nested(1_000_000)],
    ["many items", new Array(1 << 20).fill("abc")],
    ["long text", "a".repeat(1 << 24)],
    ["long items", new Array(4).fill("a".repeat(1 << 20))],
  ])("is short, at once, for %s", (_, value) => {
    const began = performance.now();
    expect(describeValue(value).length).toBeLessThanOrEqual(62);
    expect(performance.now() - began).toBeLessThan(500);
  });

  it("is short for a list that holds itself", () => {
    const list: unknown[] = [];
    list.push(list, list);
    expect(describeValue(list)).toBe("[[...], [...]]");
  });
});

describe("abbreviate", () => {
  it("names a few, and counts the others", () => {
    expect(abbreviate([])).toBe("");
    expect(abbreviate(["a", "b"])).toBe("a, b");
    const many = Array.from({ length: 40 }, (_, i) => `n${i}`);
    expect(abbreviate(many)).toMatch(/^n0, .*, n11 and 28 more$/);
    expect(abbreviate(["a".repeat(100), "b".repeat(100), "c"], 20)).toMatch(/^a+…a+ and 2 more$/);
  });
});
