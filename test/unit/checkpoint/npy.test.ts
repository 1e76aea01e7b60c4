import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readNpy, readNpyFloat64, writeNpy } from "../../../ts/checkpoint/index.js";
import { BadArgument, BadFile } from "../../../ts/core/errors.js";
import { damaged, expected, expectNoCrash, fixture } from "./support.js";

const arrays = Object.entries(expected.npy);
const fitsInt32 = arrays.filter(([name]) => name !== "too_large");

/** A format 1.0 file with any header text. */
function npyOf(header: string, payload: readonly number[] = []): Uint8Array {
  const text = [...header].map((c) => c.charCodeAt(0));
  const length = [text.length & 0xff, text.length >> 8];
  return Uint8Array.of(
    0x93,
    ...[..."NUMPY"].map((c) => c.charCodeAt(0)),
    1,
    0,
    ...length,
    ...text,
    ...payload,
  );
}

describe("readNpy", () => {
  it.each(fitsInt32)("reads NumPy's %s", (name, { shape, float64 }) => {
    const array = readNpy(fixture(`npy/${name}.npy`));
    const isFloat = array.dtype.startsWith("float");
    expect(array.shape).toEqual(shape);
    expect(array.data).toEqual(isFloat ? Float32Array.from(float64) : Int32Array.from(float64));
  });

  it.each(["bool", "complex", "text", "structured", "object"])("refuses elements: %s", (name) => {
    expect(() => readNpy(fixture(`npy/${name}.npy`))).toThrow(BadFile);
  });

  it("names the element type it refuses", () => {
    expect(() => readNpy(fixture("npy/complex.npy"))).toThrow('"<c16" is not supported');
    expect(() => readNpy(fixture("npy/structured.npy"))).toThrow("structured element types");
  });

  it("refuses an integer that does not fit int32", () => {
    expect(() => readNpy(fixture("npy/too_large.npy"))).toThrow("element 1 is 2147483648");
  });

  it("says what other bytes look like", () => {
    const html = new TextEncoder().encode("<!DOCTYPE html><p>404");
    expect(() => readNpy(html)).toThrow("an HTML page");
    expect(() => readNpy(new Uint8Array())).toThrow("it is empty");
  });

  it("refuses a size that the file does not have, before allocating it", () => {
    const shape = (text: string) =>
      npyOf(`{'descr': '<f4', 'fortran_order': False, 'shape': ${text}, }\n`, [0, 0, 0, 0]);
    expect(readNpy(shape("(1,)")).data).toEqual(new Float32Array(1));
    expect(() => readNpy(shape("(2,)"))).toThrow("needs 8 bytes of data, the file has 4");
    expect(() => readNpy(shape("(0,)"))).toThrow("needs 0 bytes of data, the file has 4");
    expect(() => readNpy(shape("(4000000000, 4000000000)"))).toThrow("the file has 4");
    expect(() => readNpy(shape("(99999999999999999999,)"))).toThrow("too large");
  });

  it.each([
    ["no dict", "[1]"],
    ["a missing key", "{'descr': '<f4', 'shape': (), }"],
    ["a repeated key", "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}"],
    ["an unknown key", "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': ()}"],
    ["a call", "{'descr': f('<f4'), 'fortran_order': False, 'shape': ()}"],
    ["something after it", "{'descr': '<f4', 'fortran_order': False, 'shape': ()} or 1"],
    ["a negative size", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"],
    ["a size, not a tuple", "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}"],
    ["an integer for a boolean", "{'descr': '<f4', 'fortran_order': 1, 'shape': ()}"],
    ["no byte order", "{'descr': '|f4', 'fortran_order': False, 'shape': ()}"],
    ["native byte order", "{'descr': '=f4', 'fortran_order': False, 'shape': ()}"],
    ["too many dimensions", `{'shape': (${"1,".repeat(33)})}`],
    ["an end too soon", "{'descr': '<f4', 'fortran_order': "],
  ])("refuses a header with %s", (_, header) => {
    expect(() => readNpy(npyOf(header, [0, 0, 0, 0]))).toThrow(BadFile);
  });

  it("reads headers of Python 2, of any key order, without padding", () => {
    const header = `{"shape": (1L, 1L), 'fortran_order': True, "descr": '<f4'}`;
    expect(readNpy(npyOf(header, [0, 0, 128, 63]))).toEqual({
      dtype: "float32",
      shape: [1, 1],
      data: Float32Array.of(1),
    });
  });

  it.each(["f4_big", "fortran_cube", "version3"])("survives damage to %s", (name) => {
    fc.assert(
      fc.property(damaged(fixture(`npy/${name}.npy`)), (bytes) => {
        expectNoCrash(() => readNpy(bytes));
      }),
      { numRuns: 500 },
    );
  });
});

describe("readNpyFloat64", () => {
  it.each(arrays)("reads NumPy's %s without rounding", (name, { shape, float64 }) => {
    const array = readNpyFloat64(fixture(`npy/${name}.npy`));
    expect(array.shape).toEqual(shape);
    expect(array.data).toEqual(Float64Array.from(float64));
  });

  it("refuses integers that float64 cannot hold", () => {
    const header = "{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}";
    const bytes = npyOf(header, [1, 0, 0, 0, 0, 0, 64, 0]);
    expect(() => readNpyFloat64(bytes)).toThrow("cannot hold exactly");
  });
});

describe("writeNpy", () => {
  it("writes what NumPy writes", () => {
    const { shape, float64 } = expected.npy.f4_little as { shape: number[]; float64: number[] };
    expect(writeNpy(Float32Array.from(float64), shape)).toEqual(fixture("npy/f4_little.npy"));
    const exact = Float64Array.from(expected.npy.f8_little?.float64 ?? []);
    expect(writeNpy(exact, shape)).toEqual(fixture("npy/f8_little.npy"));
    const integers = Int32Array.from(expected.npy.i4_little?.float64 ?? []);
    expect(writeNpy(integers, shape)).toEqual(fixture("npy/i4_little.npy"));
    expect(writeNpy(Float32Array.of(2.5), [])).toEqual(fixture("npy/scalar.npy"));
    expect(writeNpy(new Float32Array(), [0, 3])).toEqual(fixture("npy/empty.npy"));
  });

  it("refuses a shape that the data does not fill", () => {
    expect(() => writeNpy(new Float32Array(6), [2, 2])).toThrow(BadArgument);
  });

  it("is undone by reading", () => {
    const shape = fc.array(fc.nat(4), { maxLength: 4 });
    fc.assert(
      fc.property(
        shape,
        fc.infiniteStream(fc.float()),
        fc.infiniteStream(fc.integer()),
        (dims, floats, ints) => {
          const count = dims.reduce((product, dim) => product * dim, 1);
          const float32 = Float32Array.from(floats.take(count));
          const float64 = Float64Array.from(float32);
          const int32 = Int32Array.from(ints.take(count));
          expect(readNpy(writeNpy(float32, dims))).toEqual({
            dtype: "float32",
            shape: dims,
            data: float32,
          });
          expect(readNpyFloat64(writeNpy(float64, dims)).data).toEqual(float64);
          expect(readNpy(writeNpy(int32, dims)).data).toEqual(int32);
        },
      ),
    );
  });
});
