"""Writes the benchmark's network as ONNX graphs, from a .safetensors file of the paper convention
(a folded one may lack linear_in and out_proj):

  export.onnx      what torch.onnx.export gives by default: the loop over frames unrolled
  scan.onnx        by hand: projections of all frames at once, a Scan over the recurrence with the
                   exponential inside its body
  scan_fast.onnx   by hand: as scan.onnx, with exp(dt A) and dt B x of all frames made before the Scan,
                   whose body is one multiplication, one addition and one small product. Faster, for
                   2 T d_inner N floats more memory

By hand, the state is [N, d_inner] and not [d_inner, N]: the last, contiguous axis is the long one,
which is 1.4 times as fast. The convolution is an ONNX Conv; shifts, multiplications and additions
instead were as fast.

  python3 bench/peers/make_onnx.py WEIGHTS.safetensors FRAMES FOLDER [--no-export]
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "reference"))
from safetensors_file import read_safetensors  # noqa: E402

OPSET = 15
IR_VERSION = 8

Weights = Dict[str, np.ndarray]


class Graph:
    """Nodes and constants in order; every method returns the name of what it adds."""

    def __init__(self) -> None:
        self.nodes: List[onnx.NodeProto] = []
        self.constants: Dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def indices(self, *values: int) -> str:
        return self.constant("indices_" + "_".join(map(str, values)), np.array(values, np.int64))

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def split(self, value: str, sizes: Sequence[int], outputs: Sequence[str]) -> None:
        inputs = [value, self.indices(*sizes)]
        self.nodes.append(helper.make_node("Split", inputs, outputs, axis=1))

    def linear(self, weights: Weights, name: str, value: str, output: str) -> str:
        matrix = self.constant(f"{name}.weight", weights[f"{name}.weight"].T)
        if f"{name}.bias" not in weights:
            return self.add("MatMul", [value, matrix], output)
        product = self.add("MatMul", [value, matrix], f"{output}_product")
        bias = self.constant(f"{name}.bias", weights[f"{name}.bias"])
        return self.add("Add", [product, bias], output)

    def silu(self, value: str, output: str) -> str:
        return self.add("Mul", [value, self.add("Sigmoid", [value], f"{output}_sigmoid")], output)

    def causal_conv(self, weights: Weights, value: str, output: str) -> str:
        """[T, d_inner] -> [T, d_inner]"""
        d_inner = weights["mamba.A_log"].shape[0]
        taps = weights["mamba.conv1d.weight"].reshape(d_inner, 1, -1)
        x = self.add("Transpose", [value], f"{output}_channels", perm=[1, 0])
        x = self.add("Unsqueeze", [x, self.indices(0)], f"{output}_batch")
        weight = self.constant("conv1d.weight", taps)
        bias = self.constant("conv1d.bias", weights["mamba.conv1d.bias"])
        padding = [taps.shape[2] - 1, 0]
        x = self.add("Conv", [x, weight, bias], f"{output}_conv", group=d_inner, pads=padding)
        x = self.add("Squeeze", [x, self.indices(0)], f"{output}_squeezed")
        return self.add("Transpose", [x], output, perm=[1, 0])


def hand_built(weights: Weights, frames: int, exp_in_body: bool) -> onnx.ModelProto:
    d_inner, d_state = weights["mamba.A_log"].shape
    dt_rank = weights["mamba.dt_proj.weight"].shape[1]
    classes = weights["classifier.weight"].shape[0]
    graph = Graph()
    u = "input"
    features = weights["mamba.in_proj.weight"].shape[1]
    if "linear_in.weight" in weights:
        features = weights["linear_in.weight"].shape[1]
        u = graph.linear(weights, "linear_in", u, "u")
    graph.linear(weights, "mamba.in_proj", u, "xz")
    graph.split("xz", [d_inner, d_inner], ["x_raw", "z"])
    graph.silu(graph.causal_conv(weights, "x_raw", "x_conv"), "x")
    graph.linear(weights, "mamba.x_proj", "x", "x_dbl")
    graph.split("x_dbl", [dt_rank, d_state, d_state], ["dt_low", "B", "C"])
    graph.add("Softplus", [graph.linear(weights, "mamba.dt_proj", "dt_low", "dt_raw")], "dt")
    y = graph.add("Reshape", [scan(graph, weights, exp_in_body), graph.indices(frames, d_inner)], "y")

    D = graph.constant("D", weights["mamba.D"])
    y = graph.add("Add", [y, graph.add("Mul", ["x", D], "skip")], "y_skip")
    y = graph.add("Mul", [y, graph.silu("z", "gate")], "y_gated")
    if "mamba.out_proj.weight" in weights:
        y = graph.linear(weights, "mamba.out_proj", y, "out")
    pooled = graph.add("ReduceMean", [y], "pooled", axes=[0], keepdims=1)
    graph.linear(weights, "classifier", pooled, "output")
    return finish(graph, [frames, features], [1, classes])


def scan(graph: Graph, weights: Weights, exp_in_body: bool) -> str:
    """h = exp(dt A) h + dt B x, y = C h, over frames; h [N, d_inner]. -> [T, 1, d_inner]"""
    d_inner, d_state = weights["mamba.A_log"].shape
    state, row, column = [d_state, d_inner], [1, d_inner], [d_state, 1]
    A = graph.constant("A", -np.exp(weights["mamba.A_log"].astype(np.float64)).T.astype(np.float32))
    graph.add("Mul", ["dt", "x"], "dt_x")
    graph.add("Unsqueeze", ["dt", graph.indices(1)], "dt_rows")
    graph.add("Unsqueeze", ["dt_x", graph.indices(1)], "dt_x_rows")
    graph.add("Unsqueeze", ["B", graph.indices(2)], "B_columns")
    graph.add("Unsqueeze", ["C", graph.indices(1)], "C_rows")
    body = Graph()
    if exp_in_body:
        inputs = {"dt_rows": row, "dt_x_rows": row, "B_columns": column}
        body.add("Exp", [body.add("Mul", ["dt_rows_t", A], "dt_A")], "dA_t")
        body.add("Mul", ["B_columns_t", "dt_x_rows_t"], "dBx_t")
    else:
        inputs = {"dA": state, "dBx": state}
        graph.add("Exp", [graph.add("Mul", ["dt_rows", A], "dt_A")], "dA")
        graph.add("Mul", ["B_columns", "dt_x_rows"], "dBx")
    inputs["C_rows"] = [1, d_state]
    body.add("Add", [body.add("Mul", ["dA_t", "h"], "decayed"), "dBx_t"], "h_next")
    body.add("MatMul", ["C_rows_t", "h_next"], "y_t")
    step = helper.make_graph(
        body.nodes,
        "step",
        [value("h", state)] + [value(f"{name}_t", shape) for name, shape in inputs.items()],
        [value("h_next", state), value("y_t", row)],
    )
    start = graph.constant("h_start", np.zeros(state, np.float32))
    outputs = ["h_end", "y_rows"]
    graph.nodes.append(
        helper.make_node("Scan", [start, *inputs], outputs, body=step, num_scan_inputs=len(inputs))
    )
    return outputs[1]


def value(name: str, shape: Sequence[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def finish(graph: Graph, input_shape: Sequence[int], output_shape: Sequence[int]) -> onnx.ModelProto:
    made = helper.make_graph(
        graph.nodes,
        "mamba",
        [value("input", input_shape)],
        [value("output", output_shape)],
        list(graph.constants.values()),
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


def export_by_torch(path: Path, frames: int, target: Path) -> None:
    import torch

    from paper_network import load_network

    network = load_network(path)
    example = torch.zeros(1, frames, network.linear_in.in_features)
    torch.onnx.export(network, example, target, input_names=["input"], output_names=["output"])


def main() -> None:
    parser = argparse.ArgumentParser(description="The benchmark's network as ONNX graphs.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("frames", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-export", action="store_true", help="leave out export.onnx")
    arguments = parser.parse_args()
    weights = read_safetensors(arguments.weights)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, exp_in_body in (("scan", True), ("scan_fast", False)):
        model = hand_built(weights, arguments.frames, exp_in_body)
        onnx.save(model, str(arguments.folder / f"{name}.onnx"))
    if not arguments.no_export:
        export_by_torch(arguments.weights, arguments.frames, str(arguments.folder / "export.onnx"))


if __name__ == "__main__":
    main()
