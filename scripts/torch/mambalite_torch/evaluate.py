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
    if kind == "mamba2":
        return mamba2(x, fields.get, tensors)
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
    parts = x.unflatten(-1, (get("groups", 1), -1))
    y = (parts * torch.rsqrt(parts.square().mean(-1, keepdim=True) + get("eps"))).flatten(-2)
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


def bands_apart(x, get, value=0.0, span=1):
    """[..., channels, rows, bands], with the padding around it."""
    parts = flat_batch(x).unflatten(-1, (get("bands"), -1)).permute(0, 3, 1, 2)
    beside = get("bandPadding", 0)
    return F.pad(parts, (beside, beside, *paddings(get("padding", 0), span)), value=value)


def bands_together(y, x):
    return y.permute(0, 2, 3, 1).reshape(*x.shape[:-2], y.shape[2], -1)


def convolved_2d(x, get, tensor):
    weight, dilation = tensor("weight"), (get("dilation", 1), get("bandDilation", 1))
    padded = bands_apart(x, get, 0.0, (weight.shape[2] - 1) * dilation[0] + 1)
    stride = (get("stride", 1), get("bandStride", 1))
    y = F.conv2d(padded, weight, tensor("bias"), stride, 0, dilation, get("groups", 1))
    return bands_together(y, x)


def pooled_2d(x, get, _):
    window = (get("window"), get("bandWindow"))
    stride = (get("stride", window[0]), get("bandStride", window[1]))
    if get("pool") == "max":
        return bands_together(F.max_pool2d(bands_apart(x, get, -float("inf"), window[0]), window, stride), x)
    y = F.avg_pool2d(bands_apart(x, get, 0.0, window[0]), window, stride)
    if not get("countIncludePad", True):
        y = y / F.avg_pool2d(bands_apart(torch.ones_like(x), get, 0.0, window[0]), window, stride)
    return bands_together(y, x)


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


def multi_head(x, get, tensor):
    projected = F.linear(x, tensor("in_proj_weight"), tensor("in_proj_bias")).chunk(3, -1)
    q, k, v = (part.unflatten(-1, (get("heads"), -1)).transpose(-2, -3) for part in projected)
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if get("causal", False):
        later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(later, float("-inf"))
    mixed = (torch.softmax(scores, -1) @ v).transpose(-2, -3).flatten(-2)
    return F.linear(mixed, tensor("out_proj.weight"), tensor("out_proj.bias"))


def recurrence(function):
    """A layer in one direction from a state of zeros."""

    def evaluated(x, _, tensor):
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        weights = [w for w in map(tensor, names) if w is not None]
        rows = flat_batch(x)
        zeros = x.new_zeros(1, rows.shape[0], weights[1].shape[1])
        state = (zeros, zeros) if function is torch._VF.lstm else zeros
        y = function(rows, state, weights, len(weights) == len(names), 1, 0.0, False, False, True)[0]
        return y.reshape(*x.shape[:-1], y.shape[-1])

    return evaluated


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
    "conv2d": convolved_2d,
    "pool2d": pooled_2d,
    "unfold": unfolded,
    "upsample": lambda x, get, _: x.repeat_interleave(get("repeat"), -2),
    "split_rows": lambda x, get, _: x.unflatten(-1, (get("count"), -1)).flatten(-3, -2),
    "insert_row": insert_row,
    "positions": positions,
    "reverse": lambda x, get, _: x.flip(-2),
    "transpose": lambda x, get, _: x.transpose(-1, -2),
    "sequence_norm": sequence_norm,
    "pool": pool,
    "flatten": flattened,
    "attention": multi_head,
    "gru": recurrence(torch._VF.gru),
    "lstm": recurrence(torch._VF.lstm),
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


def mamba2(x, get, tensors):
    """A Mamba-2 block, x [..., T, d]; tensors by mamba_ssm's names."""
    heads, convolved = tensors["A_log"].shape[0], tensors["conv1d.weight"].shape[0]
    rows = F.linear(x, tensors["in_proj.weight"], tensors.get("in_proj.bias"))
    inner = rows.shape[-1] - convolved - heads
    z, filtered, dt = rows.split([inner, convolved, heads], -1)
    taps = tensors["conv1d.weight"].shape[-1]
    weight = tensors["conv1d.weight"].reshape(-1, 1, taps)
    filtered = F.silu(depthwise(filtered, weight, tensors.get("conv1d.bias"), 0))
    u, b, c = filtered.split([inner, (convolved - inner) // 2, (convolved - inner) // 2], -1)
    dt = F.softplus(dt + tensors["dt_bias"]).clamp(get("leastDt", 0), get("mostDt", float("inf")))
    each = inner // heads
    dt, a = dt.repeat_interleave(each, -1), -torch.exp(tensors["A_log"]).repeat_interleave(each)[:, None]
    parts = [part.chunk(get("groups", 1), at) for part, at in ((u, -1), (dt, -1), (a, 0), (b, -1), (c, -1))]
    y = torch.cat([scan(*part) for part in zip(*parts)], -1)
    d = tensors.get("D")
    if d is not None:
        y = y + u * (d if d.shape[0] == inner else d.repeat_interleave(each))
    y = gated(y, F.silu(z), get, tensors.get("norm.weight"))
    out = tensors.get("out_proj.weight")
    return y if out is None else F.linear(y, out, tensors.get("out_proj.bias"))


def gated(y, gate, get, weight):
    if weight is None:
        return y * gate
    fields, tensor = {"eps": get("normEps"), "groups": get("normGroups", 1)}, {"weight": weight}
    if get("normPlace") == "before_gate":
        return norm(y, fields.get, tensor.get) * gate
    return norm(y * gate, fields.get, tensor.get)


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
