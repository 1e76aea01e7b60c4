/**
 * The network that a network means when its matrices are i8: each of their weights is its row's scale times an
 * integer, by the words of csrc/kernels/records.h. Shares no code with the writer of blobs but which tensors
 * are of i8.
 */
import { encodeNetwork } from "../../ts/blob/encode.js";
import { mapTensors } from "../../ts/graph/form.js";
import type { Network } from "../../ts/graph/network.js";
import type { PackedTensor } from "../../ts/graph/packing.js";
import { prepared } from "../../ts/graph/prepare.js";
import type { Tensor } from "../../ts/graph/tensor.js";
import { quantizeW8 } from "../../ts/quantize/w8.js";

export interface Dequantized {
  /** As it is before its matrices are i8. */
  readonly network: Network;
  readonly dequantized: Network;
  readonly matrices: number;
}

export function dequantize(given: Network): Dequantized {
  const network = prepared(given);
  const packed = quantizeW8(encodeNetwork(network)).ops.flatMap(({ tensors }) => tensors);
  const matrices = packed.filter((tensor) => tensor?.dtype === "i8") as PackedTensor[];
  const own = matrices.map((matrix) => ({ ...matrix, source: ownSource(matrix, network) }));
  const changed = new Map<Tensor, Tensor>();
  for (const { source } of own) changed.set(source, { ...source, data: source.data.slice() });
  for (const matrix of own) dequantizeRows(matrix, changed.get(matrix.source)!.data);
  const ops = network.ops.map((op) => mapTensors(op, (tensor) => changed.get(tensor) ?? tensor));
  return { network, dequantized: { ...network, ops }, matrices: matrices.length };
}

/**
 * The network's tensor. Attention's queries are scaled on the way into the blob: a row's integers are the same ones then,
 * and the rows behind them tell whose they are.
 */
function ownSource({ source }: PackedTensor, { ops }: Network): Tensor {
  const { data } = source;
  const scaled = ops
    .flatMap((op) => (op.kind === "attention" ? [op.inProj.weight] : []))
    .find((own) => own.data.length === data.length && own.data.at(-1) === data.at(-1));
  return scaled ?? source;
}

function dequantizeRows({ source, rows, columns, element }: PackedTensor, to: Float32Array): void {
  for (let row = 0; row < rows; row++) {
    const places = Array.from({ length: columns }, (_, column) =>
      element === undefined ? row * columns + column : element(row, column),
    ).filter((place) => place >= 0);
    const largest = Math.max(0, ...places.map((place) => Math.abs(source.data[place]!)));
    const scale = Math.fround(largest / 127);
    for (const place of places) {
      const integer = scale === 0 ? 0 : nearestEven(source.data[place]! / scale);
      to[place] = integer * scale;
    }
  }
}

function nearestEven(x: number): number {
  const [below, above] = [Math.floor(x), Math.ceil(x)];
  if (x - below !== above - x) return x - below < above - x ? below : above;
  return below % 2 === 0 ? below : above;
}
