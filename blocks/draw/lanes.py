"""SHA-256 and SM3 of sixteen messages side by side, as instructions of LLVM.

The compression functions are written once, as their standards print them, over `Lanes`: a vector of
sixteen 32-bit words, one of each message, whose operators write LLVM's vector instructions. LLVM
fits them to the processor: one AVX-512 register, two of AVX2, four of SSE or NEON. Nothing is left
to the loop vectoriser, which found this shape only when forced to, and only after 20 seconds.

What comes out are intrinsics for `kernels`: functions of addresses, compiled into whoever calls.

Sources: FIPS 180-4 (SHA-256); GB/T 32905-2016 (SM3). Little-endian processors.
"""

from collections.abc import Callable

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
BLOCK = 64  # bytes
_WORDS = ir.VectorType(ir.IntType(32), LANES)
_BYTES = ir.VectorType(ir.IntType(8), BLOCK)


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
    lane each. `active`: a vector of all ones for a lane that goes on, 0 for one that rests.
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


compress_sha256 = _compression(_sha256)
compress_sm3 = _compression(_sm3)


@intrinsic
def load_block(typing_context, row, source, low, mark, lead, bits):
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
def store_words(typing_context, state, out):
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
