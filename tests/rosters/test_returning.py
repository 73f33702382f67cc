"""A roster that was not taken comes back with what is wrong beside each row."""

import zipfile

import pytest

from blocks.rosters import check, kinds, read, read_table, write_returned
from tests.rosters.test_checking import HEAD, code

ROWS = ["检查对象名录,", ",".join(HEAD), f"{code()},样例·甲", "x,样例·乙", f"{code(body='YL4400021')},<r><t>丙</t></r>"]


@pytest.fixture
def sent(tmp_path):
    path = tmp_path / "名录.csv"
    path.write_text("\n".join(ROWS) + "\n", encoding="utf-8")
    return path


def back(sent, city, *, whole):
    reading = read("targets", sent, **city)
    out = sent.with_name("退回.xlsx")
    assert write_returned(kinds()["targets"], sent, reading.problems, out, whole=whole) == 1
    return out


def test_the_whole_file_comes_back_with_the_faults_beside_their_rows(sent, city):
    (sheet,) = read_table(back(sent, city, whole=True))
    cells = [row for _, row in sheet.rows]
    assert [row[0] for row in cells] == ["检查对象名录", HEAD[0], code(), "x", code(body="YL4400021")]
    assert cells[1][2:] == ["原行号", "问题", "怎么办"]
    assert cells[3][2] == "4" and "18位" in cells[3][3] and "营业执照" in cells[3][4]
    assert not any(cells[2][2:] + cells[4][2:])


def test_of_a_file_that_was_taken_in_part_only_the_faulty_rows_come_back(sent, city):
    (sheet,) = read_table(back(sent, city, whole=False))
    assert [row[0] for _, row in sheet.rows] == ["检查对象名录", HEAD[0], "x"]


def test_what_comes_back_can_be_corrected_and_sent_as_it_is(sent, city):
    reading = check("targets", read_table(back(sent, city, whole=True)), **city)
    assert reading.rows_in == 3 and len(reading.problem_rows) == 1
    assert reading.ignored_headings == ["原行号", "问题", "怎么办"]


def test_no_cell_that_comes_back_is_markup_or_a_formula(sent, city):
    with zipfile.ZipFile(back(sent, city, whole=True)) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert "&lt;r&gt;&lt;t&gt;丙" in page and "<f>" not in page
