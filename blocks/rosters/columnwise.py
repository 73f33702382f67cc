"""Turn a whole column of texts into values: each different text is understood once.

A column of a million cells holds few different words (counties, kinds, yes and no), or texts that
are nearly all in order as they stand (codes, names, addresses). The first are converted word by
word and the results dealt out; the second pass a test that runs at the speed of memory, and only
what does not pass it is looked at cell by cell. `cells.convert` alone decides what a cell means: the
test may only say "`convert` would return this very text and say nothing about it".
"""

from collections.abc import Callable, Set
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blocks.rosters.batches import TEXT
from blocks.rosters.cells import Cell, Places, Wrong, convert
from blocks.rosters.columns import Field
from blocks.rules import uscc

TYPES = {"bool": pa.bool_(), "date": pa.date32(), "number": pa.int64(),
         "list": pa.list_(pa.string())}
_SHOWN_BY_EXCEL = r"^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"
_VALUES = np.full(256, 255, np.uint8)
_VALUES[[ord(c) for c in uscc.ALPHABET]] = np.arange(len(uscc.ALPHABET))
_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)] + [1], np.int64)
_FIRSTS = np.array([uscc.ALPHABET.index(c) for c in uscc.FIRST])


@dataclass
class Column:
    """The values of a column, and by row what there is to say about some of them.

    `values` has null where a cell was wrong, or where nothing is known. `defaulted` is a mask, or
    None where no value is a default. The dicts go from the row's place in the batch.
    """

    values: pa.Array
    defaulted: np.ndarray | None = None
    wrong: dict[int, Wrong] = field(default_factory=dict)
    repaired: dict[int, Cell] = field(default_factory=dict)
    noted: dict[int, Cell] = field(default_factory=dict)


def type_of(one: Field) -> pa.DataType:
    """Return Arrow's type of a column's values; codes, choices and counties are text."""
    return TYPES.get(one.type, TEXT)


def convert_column(one: Field, texts: pa.Array, places: Places,
                   allowed: Set[str] | None = None) -> Column:
    """Return the values of a column's cells; `allowed`: the codes it may refer to, if they matter."""
    in_order = _in_order(one, texts) if allowed is None else None
    if in_order is None:
        return _by_word(one, texts, places, allowed)
    others = np.flatnonzero(~in_order)
    if not len(others):
        return Column(texts)
    few = _by_word(one, texts.take(pa.array(others)), places, allowed)
    values = pc.replace_with_mask(texts, pa.array(~in_order), few.values)
    defaulted = None
    if few.defaulted is not None:
        defaulted = np.zeros(len(texts), bool)
        defaulted[others] = few.defaulted
    return Column(values, defaulted, *({int(others[at]): what for at, what in said.items()}
                                       for said in (few.wrong, few.repaired, few.noted)))


def _by_word(one: Field, texts: pa.Array, places: Places, allowed: Set[str] | None) -> Column:
    coded = texts.dictionary_encode()
    places_of = coded.indices.to_numpy(zero_copy_only=False)
    found = [_understood(one, text, places, allowed) for text in coded.dictionary.to_pylist()]
    values = pa.array([None if isinstance(cell, Wrong) else cell.value for cell in found],
                      type_of(one))
    defaults = np.array([isinstance(cell, Cell) and cell.is_default for cell in found], bool)
    return Column(
        values.take(coded.indices), defaults[places_of] if defaults.any() else None,
        _dealt_out(found, places_of, lambda cell: isinstance(cell, Wrong)),
        _dealt_out(found, places_of, lambda cell: isinstance(cell, Cell) and bool(cell.why)),
        _dealt_out(found, places_of, lambda cell: isinstance(cell, Cell) and bool(cell.note)))


def _understood(one: Field, text: str, places: Places, allowed: Set[str] | None) -> Cell | Wrong:
    try:
        cell = convert(one, text, places)
    except Wrong as wrong:
        return wrong
    if allowed is not None and cell.value:
        values = cell.value if isinstance(cell.value, list) else [cell.value]
        unknown = [value for value in values if value not in allowed]
        if unknown:
            return Wrong(f"系统里没有“{'、'.join(unknown)}”",
                         "请核对，或先导入它所在的名单；其他部门的由其自行导入")
    return cell


def _dealt_out(found: list, places_of: np.ndarray, is_one: Callable) -> dict:
    """Return what was found for each row whose word is such a one."""
    such = np.array([is_one(cell) for cell in found], bool)
    if not such.any():
        return {}
    return {int(at): found[places_of[at]] for at in np.flatnonzero(such[places_of])}


# the code points that are no characters, in the form of RE2
_NONE = r"\x{FDD0}-\x{FDEF}" + "".join(
    rf"\x{{{plane:X}FFFE}}\x{{{plane:X}FFFF}}" for plane in range(17))


def _in_order(one: Field, texts: pa.Array) -> np.ndarray | None:
    """Return a mask of the cells that are surely their own value; None: look at each word."""
    if one.type == "uscc":
        return right_codes(texts)
    if one.type not in ("text", "code"):
        return None
    mask = pc.match_substring_regex(texts, _pattern(one))
    if one.type == "code":
        mask = pc.and_not(mask, pc.match_substring_regex(texts, _SHOWN_BY_EXCEL))
    if one.public:
        mask = pc.and_not(mask, pc.match_substring_regex(texts, r"\pN([ \-]?\pN){10}"))
    return mask.to_numpy(zero_copy_only=False)


def _pattern(one: Field) -> str:
    """Return the form of cells in order: too long for a word that means nothing, and without
    blanks, brackets at the front, or characters that `clean` takes away."""
    longest = max(map(len, one.blank), default=0) + 1
    if one.type == "code":
        return rf"^[0-9A-Za-z]{{{longest}}}[!-~]*$"
    return rf"^[\p{{Han}}0-9A-Za-z·]{{{longest}}}[^\pZ\p{{Cc}}\p{{Cf}}\t\r\n{_NONE}]*$"


def right_codes(texts: pa.Array) -> np.ndarray:
    """Return a mask of the texts that are unified social credit codes as GB 32100-2015 writes them."""
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    right = lengths == uscc.LENGTH
    chosen = texts.filter(pa.array(right))
    if not len(chosen):
        return right
    offsets = np.frombuffer(chosen.buffers()[1], np.int64)[chosen.offset:][:len(chosen)]
    content = np.frombuffer(chosen.buffers()[2], np.uint8)
    values = _VALUES[content[offsets[:, None] + np.arange(uscc.LENGTH)]]
    right[right] = ((values < 31).all(axis=1) & np.isin(values[:, 0], _FIRSTS)
                    & (values[:, 2:8] < 10).all(axis=1) & (values @ _WEIGHTS % 31 == 0))
    return right
