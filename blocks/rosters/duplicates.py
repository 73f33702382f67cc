"""Find rows that share what may occur once in a file: all are listed, for we do not choose."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blocks.errors import Problem
from blocks.rosters.batches import TEXT
from blocks.rosters.columns import Field, Kind
from blocks.rosters.stretch import Stretch

NAMED = 5  # other rows that a duplicate names
Place = tuple[int, int]  # number of the stretch, row within it


def duplicates(kind: Kind, stretches: Sequence[Stretch]) -> Iterator[tuple[int, int, Problem]]:
    """Yield stretch, row and sentence for every row whose key another row has too."""
    for names in kind.keys:
        one = kind.field(names[-1])
        for group in _groups(names, stretches):
            for number, row in group:
                yield number, row, _sentence(one, stretches, group, (number, row))


def _groups(names: Sequence[str], stretches: Sequence[Stretch]) -> Iterator[list[Place]]:
    """Yield the places of the rows with one key; a key of which a part is unknown is none."""
    keys = [_keys(names, one) for one in stretches]
    if not keys:
        return
    counted = pc.value_counts(pa.chunked_array(keys, TEXT).drop_null())
    twice = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    if not len(twice):
        return
    found: dict[str, list[Place]] = defaultdict(list)
    for number, column in enumerate(keys):
        mask = pc.is_in(column, twice).to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(mask):
            found[column[int(row)].as_py()].append((number, int(row)))
    yield from found.values()


def _keys(names: Sequence[str], stretch: Stretch) -> pa.Array:
    parts = [pc.cast(stretch.values[name], TEXT) for name in names]
    return pc.binary_join_element_wise(*parts, pa.scalar("\x1f", TEXT))


def _sentence(one: Field, stretches: Sequence[Stretch], group: list[Place], place: Place) -> Problem:
    others = [f"{stretches[n].sheet}第{stretches[n].numbers[row]}行" for n, row in group[:NAMED + 1]
              if (n, row) != place][:NAMED]
    more = f"等{len(group) - 1}行" if len(group) - 1 > NAMED else ""
    number, row = place
    return stretches[number].about(one, row, f"与{'、'.join(others)}{more}重复",
                                   "请保留正确的一行，删去其余；若确为不同对象，请核对")
