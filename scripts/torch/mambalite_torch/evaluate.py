"""What each operator of the graph computes, in float64: as the core does, but all at once.

Sequences are [..., rows, width], vectors [..., width]. The exporter compares every step of a traced
network with it. Knows nothing of how a network is traced.
"""

import torch
import torch.nn.functional as F

ACTIVATIONS = {
    "silu": F.silu,
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "hard_sigmoid": F.hardsigmoid,
    "relu6": F.relu6,
}
ELEMENTWISE = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
}
POOLS = {
    "mean": lambda x: x.mean(-2),
    "last": lambda x: x[..., -1, :],
    "max": lambda x: x.amax(-2),
    "first": lambda x: x[..., 0, :],
    "sum": lambda x: x.sum(-2),
    "min": lambda x: x.amin(-2),
}


def paddings(padding, span):
    """Rows before and after, as the `padding` of a convolution says it."""
    if padding == "causal":
        return span - 1, 0
    if padding == "same":
        return (span - 1) // 2, span - 1 - (span - 1) // 2
    return padding, padding


def as_rows(values, are_vectors):
    """Vectors as rows beside sequences."""
    if all(are_vectors):
        return values
    rows = next(v.shape[-2] for v, is_vector in zip(values, are_vectors) if not is_vector)
    return [
        v.unsqueeze(-2).expand(*v.shape[:-1], rows, v.shape[-1]) if is_vector else v
        for v, is_vector in zip(values, are_vectors)
    ]


def evaluate(kind, fields, tensors, inputs, are_vectors):
    """The output of an operator; tensors by their keys, inputs as tensors or numbers."""
    x = inputs[0]
    get = fields.get
    if kind in ELEMENTWISE:
        return elementwise(kind, inputs, are_vectors)
    if kind == "concat":
        return torch.cat(as_rows(inputs, are_vectors), -1)
    if kind in SIMPLE:
        return SIMPLE[kind](x, get, tensors.get)
    if kind == "attention_pool":
        return (torch.softmax(inputs[1], -2) * x).sum(-2)
    if kind == "gate":
        act = ACTIVATIONS[get("activation")]
        return x * act(F.linear(inputs[1], tensors["weight"], tensors.get("bias")))
    if kind == "mamba":
        return mamba(x, fields, tensors)
    return scanned(x, fields, tensors)


def elementwise(kind, inputs, are_vectors):
    values = [x for x in inputs if isinstance(x, torch.Tensor)]
    like = max(values, key=lambda x: x.dim())
    numbers = [x if isinstance(x, torch.Tensor) else torch.full_like(like, x) for x in inputs]
    flags = list(are_vectors)
    if not all(flags):
        numbers = [
            v.unsqueeze(-2) if flag and v.dim() > 1 and v.dim() < like.dim() else v
            for v, flag in zip(numbers, flags)
        ]
    result = numbers[0]
    for other in numbers[1:]:
        result = ELEMENTWISE[kind](result, other)
    return result


def activation(x, get, _):
    function = ACTIVATIONS[get("activation")]
    return function(x) if get("parameter") is None else function(x, get("parameter"))


def norm(x, get, tensor):
    if get("norm") == "layer":
        return F.layer_norm(x, x.shape[-1:], tensor("weight"), tensor("bias"), get("eps"))
    y = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + get("eps"))
    return y if tensor("weight") is None else y * tensor("weight")


def batchnorm(x, get, tensor):
    y = (x - tensor("running_mean")) / torch.sqrt(tensor("running_var") + get("eps"))
    if tensor("weight") is not None:
        y = y * tensor("weight")
    return y if tensor("bias") is None else y + tensor("bias")


def convolved(x, get, tensor):
    weight = tensor("weight")
    dilation = get("dilation", 1)
    before, after = paddings(get("padding", 0), (weight.shape[2] - 1) * dilation + 1)
    columns = F.pad(flat_batch(x).transpose(-1, -2), (before, after))
    y = F.conv1d(columns, weight, tensor("bias"), get("stride", 1), 0, dilation, get("groups", 1))
    return y.transpose(-1, -2).reshape(*x.shape[:-2], y.shape[-1], y.shape[-2])


def flat_batch(x):
    return x.reshape(-1, *x.shape[-2:])


def window_pooled(x, get, _):
    window, padding = get("window"), get("padding", 0)
    stride = get("stride", window)
    columns = flat_batch(x).transpose(-1, -2)
    if get("pool") == "max":
        y = F.max_pool1d(columns, window, stride, padding)
    else:
        y = F.avg_pool1d(columns, window, stride, padding, False, get("countIncludePad", True))
    return y.transpose(-1, -2).reshape(*x.shape[:-2], y.shape[-1], y.shape[-2])


def unfolded(x, get, _):
    patches = x.unfold(-2, get("window"), get("stride", get("window")))
    if get("layout", "time_channel") == "time_channel":
        patches = patches.transpose(-1, -2)
    return patches.reshape(*patches.shape[:-2], -1)


def insert_row(x, get, tensor):
    row = tensor("row").reshape(1, -1).expand(*x.shape[:-2], 1, x.shape[-1])
    at = x.shape[-2] if get("position") == "end" else get("position")
    return torch.cat([x[..., :at, :], row, x[..., at:, :]], -2)


def positions(x, _, tensor):
    return x + tensor("table").reshape(-1, x.shape[-1])[: x.shape[-2]]


def sequence_norm(x, get, tensor):
    columns = flat_batch(x).transpose(-1, -2)
    y = F.group_norm(columns, get("groups"), tensor("weight"), tensor("bias"), get("eps"))
    return y.transpose(-1, -2).reshape(x.shape)


def pool(x, get, _):
    if get("pool") == "row":
        return x[..., get("index"), :]
    if get("pool") == "std":
        variance = x.var(-2, unbiased=get("unbiased", False))
        return torch.sqrt(variance + get("eps", 0))
    return POOLS[get("pool")](x)


def flattened(x, get, _):
    rows = x if get("layout", "time_channel") == "time_channel" else x.transpose(-1, -2)
    return rows.reshape(*x.shape[:-2], -1)


SIMPLE = {
    "linear": lambda x, get, tensor: F.linear(x, tensor("weight"), tensor("bias")),
    "embedding": lambda x, get, tensor: tensor("weight")[x.long()],
    "activation": activation,
    "norm": norm,
    "batchnorm": batchnorm,
    "softmax": lambda x, get, _: getattr(torch, get("softmax"))(x, -1),
    "slice": lambda x, get, _: x[..., get("first") : get("first") + get("width")],
    "conv1d": convolved,
    "window_pool": window_pooled,
    "unfold": unfolded,
    "upsample": lambda x, get, _: x.repeat_interleave(get("repeat"), -2),
    "insert_row": insert_row,
    "positions": positions,
    "reverse": lambda x, get, _: x.flip(-2),
    "transpose": lambda x, get, _: x.transpose(-1, -2),
    "sequence_norm": sequence_norm,
    "pool": pool,
    "flatten": flattened,
}
ALWAYS_VECTOR = ("pool", "attention_pool", "flatten")
ROW_BY_ROW = ("linear", "activation", "norm", "batchnorm", "softmax", "slice", "gate")


def mamba(x, fields, tensors):
    """A Mamba-1 block, x [..., T, d]; tensors by mamba_ssm's names."""
    get = fields.get
    if get("direction") == "backward":
        forward = {**fields, "direction": "forward"}
        return mamba(x.flip(-2), forward, tensors).flip(-2)
    xz = F.linear(x, tensors["in_proj.weight"], tensors.get("in_proj.bias"))
    u, z = (xz, None) if get("gate") == "none" else xz.chunk(2, -1)
    weight = tensors.get("conv1d.weight")
    if weight is not None:
        taps = weight.shape[-1]
        ahead = 0 if get("convolution") == "causal" else -(-(taps - 1) // 2)
        u = depthwise(u, weight.reshape(-1, 1, taps), tensors.get("conv1d.bias"), ahead)
    if get("convActivation") == "silu":
        u = F.silu(u)
    y = scanned(u, {**fields, "direction": "forward"}, tensors)
    if z is not None:
        y = y * ACTIVATIONS[get("gate")](z)
    out = tensors.get("out_proj.weight")
    return y if out is None else F.linear(y, out, tensors.get("out_proj.bias"))


def depthwise(u, weight, bias, ahead):
    columns = flat_batch(u).transpose(-1, -2)
    padded = F.pad(columns, (weight.shape[-1] - 1 - ahead, ahead))
    y = F.conv1d(padded, weight, bias, groups=weight.shape[0])
    return y.transpose(-1, -2).reshape(u.shape)


def scanned(u, fields, tensors):
    """The scan with its projections: u [..., T, e] -> the same."""
    if fields.get("direction") == "backward":
        forward = {**fields, "direction": "forward"}
        return scanned(u.flip(-2), forward, tensors).flip(-2)
    order = fields.get("xProjOrder", "dtBC")
    rank, states = tensors["dt_proj.weight"].shape[1], tensors["A_log"].shape[1]
    names = [name for name in order.replace("dt", "d")]
    sizes = [rank if name == "d" else states for name in names]
    rows = F.linear(u, tensors["x_proj.weight"], tensors.get("x_proj.bias"))
    parts = dict(zip(names, rows.split(sizes, -1)))
    if fields.get("scanNormEps") is not None:
        for name, key in (("d", "dt_layernorm"), ("B", "b_layernorm"), ("C", "c_layernorm")):
            eps = {"norm": "rms", "eps": fields["scanNormEps"]}
            weight = {"weight": tensors.get(f"{key}.weight")}
            parts[name] = norm(parts[name], eps.get, weight.get)
    dt = F.softplus(F.linear(parts["d"], tensors["dt_proj.weight"], tensors.get("dt_proj.bias")))
    y = scan(u, dt, -torch.exp(tensors["A_log"]), parts["B"], parts["C"])
    d = tensors.get("D")
    return y if d is None else y + d * u


def scan(u, dt, a, b, c):
    """u, dt [..., T, e]; a [e, n]; b, c [..., T, n]; step by step."""
    decay = torch.exp(dt[..., None] * a)
    drive = (dt * u)[..., None] * b[..., None, :]
    h, states = torch.zeros_like(drive[..., 0, :, :]), []
    for t in range(u.shape[-2]):
        h = decay[..., t, :, :] * h + drive[..., t, :, :]
        states.append((h * c[..., t, None, :]).sum(-1))
    return torch.stack(states, -2)
