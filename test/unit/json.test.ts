import { describe, expect, it } from "vitest";
import { toJson } from "../../ts/json.js";

describe("toJson", () => {
  it("escapes what a terminal obeys, in keys and in values, and loses none of it", () => {
    const value = {
      "\u009b2J": ["\u001b[0m", "\u0080\u009f\u007f", "\u202e\u2066\u200f", "\u2028"],
    };
    const text = toJson(value);
    expect(text.trimEnd()).toMatch(/^[\x20-\x7e]+$/);
    expect(text).toContain('"\\u009b2J"');
    expect(JSON.parse(text)).toEqual(value);
    const tag = { tag: "\u{e0041}\ud800" };
    expect(toJson(tag)).toBe('{"tag":"\\udb40\\udc41\\ud800"}\n');
    expect(JSON.parse(toJson(tag))).toEqual(tag);
  });

  it("leaves text that is seen as it is", () => {
    expect(toJson({ name: "é 音 😀" })).toBe('{"name":"é 音 😀"}\n');
  });
});
