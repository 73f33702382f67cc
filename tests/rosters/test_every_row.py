"""Whatever a file holds, every row of it is either taken or listed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from blocks.rosters import check, kinds
from blocks.rosters.reading import Sheet
from blocks.rules import uscc

CITY = {"counties": {"445202": "榕城区", "445281": "普宁市"}, "city_code": "445200"}
GOOD = [f"91445202YL440{n:03d}A" for n in range(3)]
GOOD = [first + uscc.check_character(first) for first in GOOD]
CELLS = st.one_of(
    st.sampled_from([*GOOD, "", "无", "N/A", "是", "否", "2026-01-02", "2020/1/1", "A", "经办", "gaj",
                     "=1+1", "9.1E+17", "一般", "实地", "榕城", "\u202e", "3"]),
    st.text(max_size=8),
)
HEADINGS = sorted({h for k in kinds().values() for f in k.fields for h in (f.heading, *f.synonyms)})


@st.composite
def sheets(draw):
    kind = kinds()[draw(st.sampled_from(sorted(kinds())))]
    whole = [one.heading for one in kind.fields]
    heads = st.one_of(st.just(whole), st.lists(st.one_of(st.sampled_from(HEADINGS), CELLS)))
    found = []
    for name in draw(st.lists(st.sampled_from(["", "甲", "乙"]), max_size=3, unique=True)):
        rows = draw(st.lists(st.lists(CELLS, max_size=len(whole) + 1), max_size=8))
        lines = [draw(heads), *rows]
        found.append(Sheet(name, [(n, r) for n, r in enumerate(lines, 1) if any(map(str.strip, r))]))
    return kind, found


@settings(max_examples=400, deadline=None)
@given(sheets())
def test_every_row_is_taken_or_listed(given_sheets):
    kind, found = given_sheets
    reading = check(kind, found, **CITY, known={"department_code": {"gaj"}})
    assert reading.rows_in == len(reading.rows) + len(reading.problem_rows)
    assert all(set(row) == {one.name for one in kind.fields} for row in reading.rows)
    assert all(problem.wrong and problem.remedy for problem in reading.problems)
    for names in kind.keys:
        keys = [tuple(row[name] for name in names) for row in reading.rows]
        full = [key for key in keys if None not in key]
        assert len(full) == len(set(full))
