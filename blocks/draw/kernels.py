"""SHA-256 and SM3 of sixteen messages side by side, compiled by numba for this machine.

The compression functions are written once, as their standards print them, over `Lanes`: a vector of
sixteen 32-bit words, one of each message, whose operators write LLVM's vector instructions. LLVM
fits them to the processor: one AVX-512 register, two of AVX2, four of SSE or NEON. Nothing is left
to the loop vectoriser, which found this shape only when forced to, and only after 20 seconds.

All of it stays in this one file on purpose: numba keeps compiled code in `__pycache__` and notices
a change only of the file that holds the function, not of what that imports.

Sources: FIPS 180-4 (SHA-256); GB/T 32905-2016 (SM3). Little-endian processors.
"""

from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
BLOCK = 64  # bytes
_WORDS = ir.VectorType(ir.IntType(32), LANES)
_BYTES = ir.VectorType(ir.IntType(8), BLOCK)

SHA256_START = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
)  # fmt: skip
SM3_START = (
    0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
)  # fmt: skip


def _sha256_constants() -> list[int]:
    """The first 32 bits of the fractional parts of the cube roots of the first 64 primes."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, n))]
    return [_cube_root(prime << 96) & 0xFFFFFFFF for prime in primes]


def _cube_root(number: int) -> int:
    root = 1 << -(-number.bit_length() // 3)
    while root**3 > number:
        root = (2 * root + number // root**2) // 3
    return root


class Lanes:
    """Sixteen 32-bit words; what Python's operators do to it is written down as LLVM code."""

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder, self.value = builder, value

    def _then(self, operation: Callable, other: "Lanes | int") -> "Lanes":
        same = other.value if isinstance(other, Lanes) else ir.Constant(_WORDS, [other] * LANES)
        return Lanes(self.builder, operation(self.value, same))

    def __add__(self, other: "Lanes | int") -> "Lanes":
        return self._then(self.builder.add, other)

    def __xor__(self, other: "Lanes | int") -> "Lanes":
        return self._then(self.builder.xor, other)

    def __and__(self, other: "Lanes | int") -> "Lanes":
        return self._then(self.builder.and_, other)

    def __or__(self, other: "Lanes | int") -> "Lanes":
        return self._then(self.builder.or_, other)

    def __invert__(self) -> "Lanes":
        return self ^ 0xFFFFFFFF

    def __rshift__(self, bits: int) -> "Lanes":
        return self._then(self.builder.lshr, bits)

    def rotated(self, bits: int) -> "Lanes":
        """Rotated to the left."""
        form = ir.FunctionType(_WORDS, [_WORDS] * 3)
        shift = cgutils.get_or_insert_function(self.builder.module, form, "llvm.fshl.v16i32")
        places = ir.Constant(_WORDS, [bits % 32] * LANES)
        return Lanes(self.builder, self.builder.call(shift, [self.value, self.value, places]))


def _sha256(state: list[Lanes], block: list[Lanes]) -> list[Lanes]:
    """FIPS 180-4, section 6.2.2."""
    w = list(block)
    a, b, c, d, e, f, g, h = state
    for t, k in enumerate(_sha256_constants()):
        if t >= 16:  # each word just before its use, so that few are in registers at a time
            s0 = w[t - 15].rotated(-7) ^ w[t - 15].rotated(-18) ^ (w[t - 15] >> 3)
            s1 = w[t - 2].rotated(-17) ^ w[t - 2].rotated(-19) ^ (w[t - 2] >> 10)
            w.append(s1 + w[t - 7] + s0 + w[t - 16])
        choice = (e & f) ^ (~e & g)
        majority = (a & b) ^ (a & c) ^ (b & c)
        t1 = h + (w[t] + k) + choice + (e.rotated(-6) ^ e.rotated(-11) ^ e.rotated(-25))
        t2 = (a.rotated(-2) ^ a.rotated(-13) ^ a.rotated(-22)) + majority
        a, b, c, d, e, f, g, h = t1 + t2, a, b, c, d + t1, e, f, g
    return [old + new for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _sm3(state: list[Lanes], block: list[Lanes]) -> list[Lanes]:
    """GB/T 32905-2016, section 5.3."""
    w = list(block)
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        if j >= 12:
            x = w[j - 12] ^ w[j - 5] ^ w[j + 1].rotated(15)
            w.append(x ^ x.rotated(15) ^ x.rotated(23) ^ w[j - 9].rotated(7) ^ w[j - 2])
        early = j < 16
        t = 0x79CC4519 if early else 0x7A879D8A
        a12 = a.rotated(12)
        ss1 = (a12 + e + (t << j % 32 | t >> 32 - j % 32) % 2**32).rotated(7)
        ff = a ^ b ^ c if early else (a & b) | (a & c) | (b & c)
        gg = e ^ f ^ g if early else (e & f) | (~e & g)
        tt1 = ff + d + (ss1 ^ a12) + (w[j] ^ w[j + 4])
        tt2 = gg + h + ss1 + w[j]
        p0 = tt2 ^ tt2.rotated(9) ^ tt2.rotated(17)
        a, b, c, d, e, f, g, h = tt1, a, b.rotated(9), c, p0, e, f.rotated(19), g
    return [old ^ new for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _transposed(builder: ir.IRBuilder, rows: list[ir.Value]) -> list[ir.Value]:
    """Turn sixteen rows of sixteen words around: swap one bit of row and column at a time."""
    for bit in (1, 2, 4, 8):
        first = [j if not j & bit else LANES + j - bit for j in range(LANES)]
        second = [j + bit if not j & bit else LANES + j for j in range(LANES)]
        turned = list(rows)
        for i in (i for i in range(LANES) if not i & bit):
            for place, chosen in ((i, first), (i + bit, second)):
                mask = ir.Constant(_WORDS, chosen)
                turned[place] = builder.shuffle_vector(rows[i], rows[i + bit], mask)
        rows = turned
    return rows


def _pointer(builder: ir.IRBuilder, address: ir.Value, offset: int, kind: ir.Type) -> ir.Value:
    there = builder.add(address, ir.Constant(address.type, offset))
    return builder.inttoptr(there, kind.as_pointer())


def _compression(rounds: Callable[[list[Lanes], list[Lanes]], list[Lanes]]):
    """Return the intrinsic `compress(before, after, rows, active)` of one hash; all are addresses.

    `before` and `after`: states, 8 vectors, one for each word. `rows`: 16 vectors, the block of one
    lane each. `active`: a vector of all ones for a lane that goes on, 0 for one that stays as it is.
    """

    @intrinsic
    def compress(typing_context, before, after, rows, active):
        def code(context, builder, signature, arguments):
            def at(argument: int, vector: int = 0) -> ir.Value:
                return _pointer(builder, arguments[argument], vector * BLOCK, _WORDS)

            def load(pointer: ir.Value) -> ir.Value:
                return builder.load(pointer, align=1)

            block = _transposed(builder, [load(at(2, row)) for row in range(16)])
            state = [Lanes(builder, load(at(0, word))) for word in range(8)]
            changed = rounds(state, [Lanes(builder, words) for words in block])
            mask = Lanes(builder, load(at(3)))
            for word, (old, new) in enumerate(zip(state, changed, strict=True)):
                builder.store((old ^ ((old ^ new) & mask)).value, at(1, word), align=1)
            return context.get_dummy_value()

        return types.void(before, after, rows, active), code

    return compress


_compress_sha256 = _compression(_sha256)
_compress_sm3 = _compression(_sm3)


@intrinsic
def _load_block(typing_context, row, source, low, mark, lead, bits):
    """Write the 64 bytes at `source` to `row` as the hashes want them; both are addresses.

    Bytes before `low` are those at `lead`; the byte at `mark` becomes the 0x80 that ends a message,
    those after it 0; a mark outside 0..63 is in another block. `bits`: the message's length in its
    last block, else 0.
    """

    def code(context, builder, signature, arguments):
        def at(argument: int, kind: ir.Type) -> ir.Value:
            return _pointer(builder, arguments[argument], 0, kind)

        def where(how: str, argument: int) -> ir.Value:
            bound = builder.trunc(arguments[argument], ir.IntType(8))
            first = builder.insert_element(_same(0), bound, half(0))
            everywhere = ir.Constant(ir.VectorType(half, BLOCK), [0] * BLOCK)
            return builder.icmp_signed(
                how, places, builder.shuffle_vector(first, first, everywhere)
            )

        half, places = ir.IntType(32), ir.Constant(_BYTES, list(range(BLOCK)))
        text = builder.select(where("<", 3), builder.load(at(1, _BYTES), align=1), _same(0))
        text = builder.select(where("<", 2), builder.load(at(4, _BYTES), align=1), text)
        text = builder.select(where("==", 3), _same(0x80), text)
        big_endian = ir.Constant(ir.VectorType(half, BLOCK), [place ^ 3 for place in range(BLOCK)])
        words = builder.bitcast(builder.shuffle_vector(text, text, big_endian), _WORDS)
        bits = arguments[5]
        high = builder.trunc(builder.lshr(bits, bits.type(32)), half)
        size = builder.insert_element(ir.Constant(_WORDS, [0] * LANES), high, half(14))
        size = builder.insert_element(size, builder.trunc(bits, half), half(15))
        builder.store(builder.or_(words, size), at(0, _WORDS), align=1)
        return context.get_dummy_value()

    return types.void(row, source, low, mark, lead, bits), code


@intrinsic
def _store_words(typing_context, state, out):
    """Write the first two words of each lane as one 64-bit word to the address `out`."""

    def code(context, builder, signature, arguments):
        def wide(word: int) -> ir.Value:
            pointer = _pointer(builder, arguments[0], word * BLOCK, _WORDS)
            return builder.zext(builder.load(pointer, align=1), long)

        long = ir.VectorType(ir.IntType(64), LANES)
        high = builder.shl(wide(0), ir.Constant(long, [32] * LANES))
        pointer = _pointer(builder, arguments[1], 0, long)
        builder.store(builder.or_(high, wide(1)), pointer, align=1)
        return context.get_dummy_value()

    return types.void(state, out), code


def _same(byte: int) -> ir.Constant:
    return ir.Constant(_BYTES, [byte] * BLOCK)


_compiled = njit(nogil=True, cache=True, error_model="numpy")

# What the kernel needs for itself, in vectors of 64 bytes one after the other.
_ROWS, _STATE, _MIDDLE, _ACTIVE, _LEAD, _EDGE, _VECTORS = 0, 16, 24, 32, 33, 34, 35


@_compiled
def _compress(is_sm3, before, after, rows, active):
    if is_sm3:
        _compress_sm3(before, after, rows, active)
    else:
        _compress_sha256(before, after, rows, active)


@_compiled
def _blocks(length):
    """How many blocks hold `length` bytes, the 0x80 after them, and eight bytes of length."""
    return ((length + 8) >> 6) + 1


@_compiled
def _hash_prefix(is_sm3, prefix, work):
    """Leave in `work` the state after those blocks that the prefix fills, and what is left of it."""
    base, source = np.int64(work.ctypes.data), np.int64(prefix.ctypes.data)
    middle, rows, active = base + BLOCK * _MIDDLE, base + BLOCK * _ROWS, base + BLOCK * _ACTIVE
    whole = len(prefix) // BLOCK
    for block in range(whole):
        for lane in range(LANES):
            _load_block(rows + BLOCK * lane, source + BLOCK * block, 0, BLOCK, base, 0)
        _compress(is_sm3, middle, middle, rows, active)
    for place in range(BLOCK * whole, len(prefix)):
        work[_LEAD].view(np.uint8)[place - BLOCK * whole] = prefix[place]


@_compiled
def _hash_stretch(is_sm3, prefix_length, data, starts, ends, begin, end, work, out):
    """Hash the messages begin..end into `out`; return whether each lay within `data`."""
    base, source = np.int64(work.ctypes.data), np.int64(data.ctypes.data)
    rows, state, middle = base + BLOCK * _ROWS, base + BLOCK * _STATE, base + BLOCK * _MIDDLE
    active, lead, edge = base + BLOCK * _ACTIVE, base + BLOCK * _LEAD, base + BLOCK * _EDGE
    rest, is_within = prefix_length % BLOCK, True
    for first in range(begin, end, LANES):
        together = min(LANES, end - first)  # what the other lanes hold does not matter
        longest = 0
        for place in range(first, first + together):
            start, stop = np.int64(starts[place]), np.int64(ends[place])
            is_within &= (start >= 0) & (stop >= start) & (stop <= len(data))
            longest = max(longest, stop - start)
        if not is_within:
            return False
        most = _blocks(rest + longest)
        for block in range(most):
            done, low = BLOCK * block, 0 if block else rest
            for lane in range(together):
                at = np.int64(starts[first + lane]) - rest + done
                length = rest + np.int64(ends[first + lane]) - np.int64(starts[first + lane])
                mark = min(max(length - done, -1), BLOCK)
                last = _blocks(length) - 1
                bits = 8 * (prefix_length - rest + length) if block == last else 0
                work[_ACTIVE, lane] = 0xFFFFFFFF if block <= last else 0
                text = source + at
                if at < 0 or at + BLOCK > len(data):
                    _copy(data, at, low, mark, work)
                    text = edge
                _load_block(rows + BLOCK * lane, text, low, mark, lead, bits)
            _compress(is_sm3, state if block else middle, state, rows, active)
        for word in range(len(out)):
            there = np.int64(out.ctypes.data) + 8 * (word * out.shape[1] + first)
            _store_words(state + 2 * BLOCK * word, there)
    return True


@_compiled
def _copy(data, at, low, mark, work):
    """Copy so much of a block as lies within `data` to where 64 bytes may be read."""
    edge = work[_EDGE].view(np.uint8)
    for byte in range(low, mark):
        edge[byte] = data[at + byte]


def hash_into(out, hash_name: str, data, starts, ends, prefix: bytes, begin: int, end: int) -> None:
    """Hash prefix + data[start:end] of the messages begin..end into those columns of `out`.

    `out` is uint64 (1..4, n rounded up to 16): the first words of each hash; `begin` is a multiple
    of 16, because sixteen columns are written at a time.

    Raises:
        ValueError: a message does not lie within `data`.
    """
    is_sm3 = hash_name == "sm3"
    work = np.zeros((_VECTORS, LANES), np.uint32)
    work[_MIDDLE : _MIDDLE + 8] = np.array([SM3_START if is_sm3 else SHA256_START]).T
    work[_ACTIVE] = 0xFFFFFFFF
    _hash_prefix(is_sm3, np.frombuffer(prefix, np.uint8), work)
    read = [_read_only(one) for one in (data, starts, ends)]
    if not _hash_stretch(is_sm3, len(prefix), *read, begin, end, work, out):
        raise ValueError("a message does not lie within the data")


def _read_only(array: np.ndarray) -> np.ndarray:
    """The same array as numba shall see every one: in one piece, not to be written to.

    Otherwise each combination of the two would be compiled by itself.
    """
    seen = np.ascontiguousarray(array).view()
    seen.flags.writeable = False
    return seen
