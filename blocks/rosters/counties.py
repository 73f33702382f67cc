"""In which county a business is: stated, or derived, and where the two do not agree (art. 14).

Derived from digits 3 to 8 of its code, the address, 地区, the name; else it is the city itself.
Codes issued by the city say only the city (538 of 1,263 real ones of Jieyang), hence the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blocks.rosters.batches import TEXT
from blocks.rosters.cells import Places
from blocks.rules.uscc import county_of


@dataclass
class Counties:
    """The counties of a batch; `defaulted` masks those that fell to the city itself.

    `contradicted`: by row, the county of which the code or the address speaks instead.
    """

    values: pa.Array
    defaulted: np.ndarray
    contradicted: dict[int, str] = field(default_factory=dict)


def derive(stated: pa.Array, is_wrong: Mapping[int, object], texts: Mapping[str, pa.Array],
           places: Places) -> Counties:
    """Fill the counties that are not stated, and tell which do not agree with the code.

    Args:
        stated: county codes, null where the file says none.
        is_wrong: the rows whose county cell is wrong: left as they are.
        texts: `uscc` (a valid code or null), `address`, `region` (the cell itself), `name`.
    """
    count = len(stated)
    by_code = _by_code(texts["uscc"], places)
    values = np.array(stated.to_pylist(), object)
    codes = np.array(by_code.to_pylist(), object)
    defaulted = np.zeros(count, bool)
    known = values != None  # noqa: E711
    said = np.flatnonzero(known & (codes != None) & (values != codes))  # noqa: E711
    contradicted = {int(at): f"信用代码中的区划是{places.counties[codes[at]]}" for at in said
                    if values[at] != places.city_code}
    open_rows = [at for at in np.flatnonzero(~known) if int(at) not in is_wrong]
    spoken = [texts[name].take(pa.array(open_rows, pa.int64())).to_pylist()
              for name in ("address", "region", "name")]
    for at, address, region, name in zip(open_rows, *spoken, strict=True):
        mentioned = places.mentioned(address or "")
        found = codes[at] or mentioned or places.mentioned(region or "") or places.mentioned(name or "")
        values[at] = found or places.city_code
        defaulted[at] = not found
        if mentioned and found != mentioned:
            contradicted[int(at)] = f"信用代码中的区划与地址不一致，地址在{places.counties[mentioned]}"
    return Counties(pa.array(values, TEXT), defaulted, contradicted)


def _by_code(codes: pa.Array, places: Places) -> pa.Array:
    """Return for each code the county it was issued in, null where it says none of this city's."""
    starts = pc.utf8_slice_codeunits(codes, 0, 8).dictionary_encode()
    # the first eight characters of a code of 18, or enough of an old number of 15
    whole = pc.utf8_length(codes)
    by_start = pa.array([_county(s, places, 18) for s in starts.dictionary.to_pylist()], TEXT)
    by_old = pa.array([_county(s, places, 15) for s in starts.dictionary.to_pylist()], TEXT)
    return pc.if_else(pc.equal(whole, 15), by_old.take(starts.indices), by_start.take(starts.indices))


def _county(start: str, places: Places, length: int) -> str | None:
    digits = county_of(start.ljust(length, "0" if length == 15 else "X"))
    return digits if digits in places.counties else None
