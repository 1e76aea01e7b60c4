"""Self-attention as torch.nn.MultiheadAttention has it, also within PyTorch's encoder layers."""

import torch

from .arrange import arrange
from .axes import Axis, Value, size_of
from .context import handles, need_value
from .errors import Unsupported


@handles("multi_head_attention_forward")
def self_attention(ctx, query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v,
                   add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training=False, key_padding_mask=None,
                   need_weights=True, attn_mask=None, use_separate_proj_weight=False, **_):
    if not is_same(query, key) or not is_same(query, value):
        raise Unsupported("attention of one sequence to another; self-attention alone")
    if use_separate_proj_weight or bias_k is not None or bias_v is not None or add_zero_attn:
        raise Unsupported("attention with kdim, vdim, add_bias_kv or add_zero_attn")
    if key_padding_mask is not None:
        raise Unsupported("a key_padding_mask: give sequences without padding")
    given = need_value(query)
    if not given.dims[0]:
        raise Unsupported("attention of one row; a sequence of two or more is needed")
    given = arrange(ctx, given, given.dims[-1], given.dims[0])
    fields = {"heads": num_heads, "causal": True if is_causal(attn_mask, size_of(given.dims[0])) else None}
    tensors = {"in_proj_weight": in_proj_weight, "in_proj_bias": in_proj_bias,
               "out_proj.weight": out_proj_weight, "out_proj.bias": out_proj_bias}
    out = (Axis(size_of(given.chans)),)
    made = given.like(ctx.each(given, "attention", fields, tensors), dims=(*given.dims[:-1], out), chans=out)
    return [made, Unsupported("what attention returns as its weights")]


def is_same(a, b):
    return isinstance(a, Value) and isinstance(b, Value) and a.dims == b.dims and a.ops == b.ops


def is_causal(mask, rows):
    """Whether it hides what is later, and nothing else; a mask that hides nothing is none."""
    if mask is None:
        return False
    if not isinstance(mask, torch.Tensor):
        raise Unsupported("a mask that depends on the input")
    hidden = mask if mask.dtype == torch.bool else mask == float("-inf")
    if mask.dtype != torch.bool and mask[~hidden].count_nonzero():
        raise Unsupported("a mask of numbers that are added to scores")
    if not hidden.any():
        return False
    later = torch.ones(rows, rows, dtype=torch.bool).triu(1)
    if torch.equal(hidden, later.expand_as(hidden)):
        return True
    raise Unsupported("a mask other than the causal one")
