/** A blob taken apart by hand, field by field, as csrc/core/blob.h and csrc/kernels/records.h have it. */
import {
  HEADER,
  NO_VALUE,
  OP,
  OP_BYTES,
  OUTPUT,
  OUTPUT_BYTES,
  TENSOR,
  TENSOR_BYTES,
} from "../../../ts/core/format.js";

export class Reader {
  readonly view: DataView;

  constructor(readonly blob: Uint8Array) {
    this.view = new DataView(blob.buffer, blob.byteOffset, blob.length);
  }

  header(field: keyof typeof HEADER): number {
    return this.view.getUint32(HEADER[field], true);
  }

  text(offset: number): string {
    const start = this.header("stringOffset") + offset;
    return new TextDecoder().decode(this.blob.subarray(start, this.blob.indexOf(0, start)));
  }

  op(index: number) {
    const at = this.header("opOffset") + index * OP_BYTES;
    const half = (offset: number) => this.view.getUint16(at + offset, true);
    const word = (offset: number) => this.view.getUint32(at + offset, true);
    const halves = (offset: number, count: number) =>
      Array.from({ length: count }, (_, i) => half(offset + 2 * i));
    return {
      kind: half(OP.kind),
      variant: this.view.getUint8(at + OP.variant),
      name: this.text(word(OP.name)),
      inputs: halves(OP.inputs, 4).filter((value) => value !== NO_VALUE),
      stage: half(OP.stage),
      clock: half(OP.clock),
      width: word(OP.width),
      attributes: Array.from({ length: 8 }, (_, i) => word(OP.attributes + 4 * i)),
      tensors: halves(OP.tensors, 8),
    };
  }

  ops() {
    return Array.from({ length: this.header("opCount") }, (_, index) => this.op(index));
  }

  output(index: number) {
    const at = this.header("outputOffset") + index * OUTPUT_BYTES;
    return {
      name: this.text(this.view.getUint32(at + OUTPUT.name, true)),
      value: this.view.getUint32(at + OUTPUT.value, true),
    };
  }

  tensor(index: number) {
    const at = this.header("tensorOffset") + index * TENSOR_BYTES;
    const word = (field: keyof typeof TENSOR) => this.view.getUint32(at + TENSOR[field], true);
    const [offset, bytes] = [word("offset"), word("bytes")];
    return {
      name: this.text(word("name")),
      dtype: this.view.getUint16(at + TENSOR.dtype, true),
      packing: this.view.getUint16(at + TENSOR.packing, true),
      rows: word("rows"),
      columns: word("columns"),
      offset,
      data: new Float32Array(this.blob.slice(offset, offset + bytes).buffer),
    };
  }
}
