/**
 * Puts parts in order where a file has lost it: safetensors writers sort names. Numbers count as numbers; names
 * that say "first" or "last" do so. Knows nothing of operators.
 */
import { isMamba, type Part } from "./part.js";

const FIRST =
  /embed|stem|(^|[._])(in|inp|input|proj_in|linear_in|input_proj|patch)([._]|$)|frontend/i;
const FINAL_NORM = /(^|[._])(norm_f|final_norm|ln_f|norm_out|out_norm|f_norm)$/i;
const LAST =
  /head|classif|decoder|logits|(^|[._])(fc|out|output|linear_out|proj_out|cls|reg)([._\d]|$)/i;

/** Whether names lie as a sort leaves them, so that their order says nothing: PyTorch has weights before biases. */
export function isOrderLost(names: readonly string[]): boolean {
  const places = new Map(names.map((name, i) => [name, i]));
  const biases = names.filter((name) => name.endsWith(".bias"));
  const isBefore = (bias: string) => {
    const weight = places.get(bias.replace(/bias$/, "weight"));
    return weight !== undefined && (places.get(bias) as number) < weight;
  };
  if (biases.length > 0) return biases.some(isBefore);
  return names.every((name, i) => i === 0 || (names[i - 1] as string) <= name);
}

export function likelyOrder(parts: readonly Part[]): Part[] {
  return [...parts].sort((a, b) => rankOf(a) - rankOf(b) || naturally(a.path, b.path));
}

function rankOf(part: Part): number {
  const { kind, path } = part;
  if (isMamba(part)) return 2;
  if (/\.\d+(\.|$)/.test(path) && !LAST.test(path) && !FIRST.test(path)) return 2;
  if (FINAL_NORM.test(path)) return 3;
  if (FIRST.test(path)) return 0;
  if (LAST.test(path)) return 4;
  return kind === "conv1d" || kind === "batchnorm" ? 1 : 2;
}

/** norm before mixer before what else a layer has; "layers.10" behind "layers.9". */
function naturally(a: string, b: string): number {
  const [left, right] = [a.split("."), b.split(".")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x = "", y = ""] = [left[i], right[i]];
    if (x === y) continue;
    if (/^\d+$/.test(x) && /^\d+$/.test(y)) return Number(x) - Number(y);
    const norms = Number(!/norm|ln/i.test(x)) - Number(!/norm|ln/i.test(y));
    return norms !== 0 ? norms : x < y ? -1 : 1;
  }
  return left.length - right.length;
}
