"""PyTorch as a contender in a process of its own, under the protocol of bench/harness/child.ts:

  python3 bench/peers/pytorch_peer.py eager|torchscript WEIGHTS.safetensors INPUT.f32

eager is the network as it is written; torchscript is traced and frozen, with a scan written for speed.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import paper_network


@torch.jit.script
def fast_scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """As `selective_scan`, for a batch of 1: state [n, d], updated in place, one product at the end."""
    dt = delta[0].t().unsqueeze(1)
    dA = torch.exp(dt * A.t()).unbind(0)
    states = (dt * u[0].t().unsqueeze(1)) * B[0].t().unsqueeze(2)
    h = states.unbind(0)
    for t in range(1, len(h)):
        h[t].addcmul_(dA[t], h[t - 1])
    return torch.bmm(C[0].t().unsqueeze(1), states).squeeze(1).t().unsqueeze(0)


def load(kind: str, weights: Path, x: Tensor) -> torch.nn.Module:
    if kind == "eager":
        return paper_network.load_network(weights)
    paper_network.selective_scan = fast_scan
    return torch.jit.freeze(torch.jit.trace(paper_network.load_network(weights), x))


def main() -> None:
    kind, weights, input_file = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(1)
    features = paper_network.load_network(weights).linear_in.in_features
    frames = np.fromfile(input_file, np.float32).reshape(1, -1, features)
    network = load(kind, weights, torch.from_numpy(frames))
    with torch.inference_mode():
        for line in sys.stdin:
            runs = []
            for _ in range(int(line)):
                cpu, wall = time.process_time(), time.perf_counter()
                logits = network(torch.from_numpy(frames.copy()))[0].numpy()
                wall_ms = (time.perf_counter() - wall) * 1e3
                runs.append([wall_ms, (time.process_time() - cpu) * 1e3])
            bits = np.ascontiguousarray(logits, np.float32).view(np.uint32).tolist()
            print(json.dumps({"runs": runs, "logits": bits}), flush=True)


if __name__ == "__main__":
    main()
