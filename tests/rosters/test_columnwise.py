"""A column understood as a whole says what each cell would have said by itself."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocks.rosters.batches import TEXT
from blocks.rosters.cells import Places, Wrong, convert
from blocks.rosters.columns import kinds
from blocks.rosters.columnwise import convert_column, right_codes
from blocks.rules import uscc

PLACES = Places({"445202": "榕城区", "445281": "普宁市"}, "445200")
FIELDS = [(kind.name, one.name) for kind in kinds().values() for one in kind.fields]
GOOD = "91445202YL440001A"
PIECES = st.sampled_from(["样例", "公司", "无", "N/A", "（", "）", "(", ")", " ", "\u3000", "·", "=", "'", "-",
                          "1", "138", "0000", "\u200b", "\n", "x", "A", "9.1E+17", "是", "2026-01-02",
                          "榕城", "\ue001",
                          "\uffff", "\ufdd0", "\U0010fffe", "样例样例样例样例样例样例\uffff", "ﬁ",
                          "e\u0301", "㈱", GOOD + uscc.check_character(GOOD),
                          "445202198001011234", "13800000000", "440500000012345"])
CELLS = st.one_of(st.lists(PIECES, max_size=6).map("".join), st.text(max_size=24))


@pytest.mark.parametrize(("kind", "name"), FIELDS)
@settings(max_examples=60, deadline=None)
@given(cells=st.lists(CELLS, min_size=1, max_size=12))
def test_a_column_says_what_its_cells_say(kind, name, cells):
    cells = [cell.encode("utf-8", "ignore").decode() for cell in cells]
    one = kinds()[kind].field(name)
    column = convert_column(one, pa.array(cells, TEXT), PLACES)
    for row, text in enumerate(cells):
        try:
            cell = convert(one, text, PLACES)
        except Wrong as wrong:
            assert (column.wrong[row].wrong, column.values[row].as_py()) == (wrong.wrong, None)
            continue
        assert row not in column.wrong and column.values[row].as_py() == cell.value
        assert (row in column.repaired, row in column.noted) == (bool(cell.why), bool(cell.note))
        assert bool(column.defaulted is not None and column.defaulted[row]) == cell.is_default


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(st.from_regex(r"[0-9A-Z]{17,19}", fullmatch=True), CELLS,
                          st.from_regex(r"9[1-3]4452[0-9A-HJ-NPQRTUWXY]{11}", fullmatch=True).map(
                              lambda first: first + uscc.check_character(first))), max_size=20))
def test_codes_checked_as_a_column_are_right_where_each_is(texts):
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    found = right_codes(pa.array(texts, TEXT))
    assert list(found) == [uscc.problem(text) is None and text == uscc.normalise(text)
                           for text in texts]
