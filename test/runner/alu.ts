/** What an Arm core computes with, and the flags that this leaves (ARMv6-M, Arm DDI 0419, A2.2 and A6.3). Knows no registers. */
export class Alu {
  n = false;
  z = false;
  c = false;
  v = false;

  /** N, Z, C and V in bits 3 to 0. */
  get flags(): number {
    return (this.n ? 8 : 0) | (this.z ? 4 : 0) | (this.c ? 2 : 0) | (this.v ? 1 : 0);
  }

  set flags(flags: number) {
    [this.n, this.z] = [(flags & 8) !== 0, (flags & 4) !== 0];
    [this.c, this.v] = [(flags & 2) !== 0, (flags & 1) !== 0];
  }

  result(value: number): number {
    const word = value | 0;
    this.n = word < 0;
    this.z = word === 0;
    return word;
  }

  add(a: number, b: number, carry: number): number {
    const wide = (a >>> 0) + (b >>> 0) + carry;
    const word = this.result(wide);
    this.c = wide > 0xffff_ffff;
    this.v = ((a ^ word) & (b ^ word)) < 0;
    return word;
  }

  subtract(a: number, b: number): number {
    return this.add(a, ~b, 1);
  }

  /** Of type 0 to 3 (LSL, LSR, ASR, ROR) by 0 and more; by 0 the carry stays. */
  shift(type: number, value: number, by: number): number {
    if (by === 0) return this.result(value);
    const within = Math.min(by, 33);
    if (type === 0) {
      this.c = within <= 32 && ((value >>> (32 - within)) & 1) !== 0;
      return this.result(within < 32 ? value << within : 0);
    }
    if (type === 1) {
      this.c = within <= 32 && ((value >>> (within - 1)) & 1) !== 0;
      return this.result(within < 32 ? value >>> within : 0);
    }
    if (type === 2) {
      const most = Math.min(within, 32);
      this.c = ((value >> (most - 1)) & 1) !== 0;
      return this.result(value >> Math.min(most, 31));
    }
    const turn = by & 31;
    const word = turn === 0 ? value : (value >>> turn) | (value << (32 - turn));
    this.c = word < 0;
    return this.result(word);
  }

  holds(condition: number): boolean {
    const { n, z, c, v } = this;
    const holds = [z, c, n, v, c && !z, n === v, n === v && !z][condition >> 1]!;
    return (condition & 1) !== 0 ? !holds : holds;
  }
}
