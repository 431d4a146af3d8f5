"""Stores that go past the cache: a finished row is written to memory without being read from it first.

An ordinary store to a line that is not in the cache reads it before it is overwritten (write-allocate), which is a
third of the traffic of a sweep that reads one array and writes another. LLVM marks a store as non-temporal by metadata,
and Numba has no word for that: this file is the only one that speaks to LLVM.
"""

# Numba calls what follows with arguments of its own choice and by name.
# ruff: noqa: ARG001

from types import FunctionType

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

LINE = 64  # bytes that a streaming store fills at once


def twice(text):
    """The serial and the parallel kernel of one text; each has a name of its own in the cache on disk."""
    kernels = []
    for parallel in (False, True):
        copy = FunctionType(text.__code__, text.__globals__, text.__name__, text.__defaults__)
        copy.__qualname__ = f"{text.__qualname__}_{'parallel' if parallel else 'serial'}"
        copy.__doc__, copy.__module__ = text.__doc__, text.__module__
        kernels.append(njit(cache=True, parallel=parallel, error_model="numpy", fastmath={"contract"})(copy))
    return tuple(kernels)


def put(row, line):
    """Write `line` (n,) to `row` (n,), both contiguous, past the cache where a whole cache line is written."""
    row[:] = line


def settle():
    """Wait until what `put` wrote can be seen by every thread."""


@intrinsic
def _store(context, row, line, at):
    """LINE bytes from line[at] to row[at], whose address is a multiple of LINE."""

    def generate(context, builder, signature, arguments):
        ty = signature.args[0]
        scalar = context.get_data_type(ty.dtype)
        width = LINE * 8 // ty.dtype.bitwidth
        vector = ir.VectorType(scalar, width)
        ends = []
        for one, value in zip(signature.args[:2], arguments[:2], strict=True):
            data = context.make_array(one)(context, builder, value).data
            ends.append(builder.bitcast(builder.gep(data, [arguments[2]]), vector.as_pointer()))
        loaded = builder.load(ends[1], align=ty.dtype.bitwidth // 8)
        stored = builder.store(loaded, ends[0], align=LINE)
        stored.set_metadata("nontemporal", builder.module.add_metadata([ir.IntType(32)(1)]))
        return context.get_dummy_value()

    return types.void(row, line, types.intp), generate


@intrinsic
def _fence(context):
    def generate(context, builder, signature, arguments):
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


@overload(settle)
def _settle():
    return lambda: _fence()


@overload(put, inline="never")
def _put(row, line):
    size = row.dtype.bitwidth // 8
    width = LINE // size

    def write(row, line):
        n = row.size
        first = min(n, (LINE - row.ctypes.data % LINE) % LINE // size)
        for m in range(first):
            row[m] = line[m]
        last = first + (n - first) // width * width
        for m in range(first, last, width):
            _store(row, line, m)
        for m in range(last, n):
            row[m] = line[m]

    return write
