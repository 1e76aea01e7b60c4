"""What the dimensions of a traced tensor mean: which are time, which channels, which neither.

The traced tensors have a batch of one. A dimension is a tuple of axes (one for most, several where
dimensions were merged, none where its size is 1, as the batch's is). Knows no operator.
"""

from math import prod

import torch


class Axis:
    """One axis of a value; compared by identity."""

    __slots__ = ("size",)

    def __init__(self, size):
        self.size = size

    def __repr__(self):
        return f"{self.size}@{id(self) % 997}"


def size_of(axes):
    return prod(axis.size for axis in axes)


class Value:
    """A traced tensor as operators of the graph.

    dims: a tuple of axes for each dimension of the tensor.
    rows, chans: the axes that are the operators' time and channels, outermost first.
    lanes: axes along which there are several operators: channels that go through the same layers
        one by one, as if they were a batch. `ops` has one for each index into them.
    An axis of dims that is none of these is one along which the value is constant.
    note: what is known of the value beyond that, for patterns of several functions.
    """

    __slots__ = ("dims", "rows", "chans", "lanes", "ops", "note")

    def __init__(self, dims, rows, chans, lanes, ops, note=None):
        self.dims = tuple(tuple(dim) for dim in dims)
        self.rows, self.chans, self.lanes = tuple(rows), tuple(chans), tuple(lanes)
        self.ops, self.note = list(ops), note

    def like(self, ops=None, **changes):
        """The same with other members; a note does not survive unless it is given."""
        fields = {name: getattr(self, name) for name in ("dims", "rows", "chans", "lanes")}
        fields.update(changes)
        return Value(ops=self.ops if ops is None else ops, **fields)

    @property
    def shape(self):
        return tuple(size_of(dim) for dim in self.dims)

    @property
    def axes(self):
        return tuple(axis for dim in self.dims for axis in dim)

    @property
    def free(self):
        """Axes along which the value is constant."""
        used = self.rows + self.chans + self.lanes
        return tuple(axis for axis in self.axes if axis not in used)

    def renamed(self, mapping):
        """With every axis replaced by the axes that `mapping` has for it."""

        def mapped(axes):
            return tuple(new for axis in axes for new in mapping.get(axis, (axis,)))

        return Value(
            [mapped(dim) for dim in self.dims],
            mapped(self.rows),
            mapped(self.chans),
            mapped(self.lanes),
            self.ops,
            self.note,
        )

    def data(self):
        """The tensor itself, of what its operators computed."""
        parts = [op.value[0] for op in self.ops]
        order = self.lanes + self.rows + self.chans
        free = self.free
        flat = torch.stack(parts).reshape([axis.size for axis in order] + [1] * len(free))
        flat = flat.expand([axis.size for axis in order + free])
        where = {axis: index for index, axis in enumerate(order + free)}
        return flat.permute([where[axis] for axis in self.axes]).reshape(self.shape)


def reshaped(value, shape):
    """The value in another shape of as many elements, or None where sizes do not factor."""
    pending = list(value.axes)
    mapping, dims = {}, []
    for size in shape:
        dim = []
        while size > 1:
            if not pending:
                return None
            axis = pending.pop(0)
            if size % axis.size == 0:
                dim.append(axis)
                size //= axis.size
            elif axis.size % size == 0:
                first, rest = Axis(size), Axis(axis.size // size)
                replace(mapping, axis, (first, rest))
                dim.append(first)
                pending.insert(0, rest)
                size = 1
            else:
                return None
        dims.append(tuple(dim))
    if pending:
        return None
    result = value.renamed(mapping)
    return Value(dims, result.rows, result.chans, result.lanes, result.ops, value.note)


def replace(mapping, axis, parts):
    """Adds axis -> parts to a mapping whose values may hold the axis."""
    for key, axes in mapping.items():
        mapping[key] = tuple(p for a in axes for p in (parts if a is axis else (a,)))
    mapping[axis] = tuple(parts)


def aligned(a, b):
    """Two values of equal ranks, with the axes of equal dimensions made the same.

    None where their shapes cannot be brought together.
    """
    to_a, to_b = {}, {}
    for dim_a, dim_b in zip(a.dims, b.dims):
        left = [x for axis in dim_a for x in to_a.get(axis, (axis,))]
        right = [x for axis in dim_b for x in to_b.get(axis, (axis,))]
        if not left or not right:
            continue
        while left and right:
            x, y = left.pop(0), right.pop(0)
            if x.size == y.size:
                if x is not y:
                    replace(to_b, y, (x,))
            elif x.size % y.size == 0:
                rest = Axis(x.size // y.size)
                replace(to_a, x, (y, rest))
                replace(to_b, x, (y, rest))
                left.insert(0, rest)
            elif y.size % x.size == 0:
                rest = Axis(y.size // x.size)
                replace(to_b, y, (x, rest))
                right.insert(0, rest)
            else:
                return None
        if left or right:
            return None
    return a.renamed(to_a), b.renamed(to_b)
