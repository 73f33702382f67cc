"""Plans as offices publish them: merged cells, cut rows, text from a page. Rows in = taken + returned."""

from pathlib import Path

import pytest
import xlsxwriter

from blocks import settings
from blocks.errors import RosterError
from blocks.rosters.plan_table import MOST_ROWS, PlanReading, read_plan
from tests.conftest import SHARED

HEADINGS = ["序号", "抽查任务名称", "抽查事项", "检查对象", "抽查比例", "抽查时间", "发起部门", "配合部门"]
ROW = ["1", "旅馆抽查", "治安", "旅馆", "5%", "4月", "公安", "消防"]


def read(path: Path) -> PlanReading:
    found = read_plan(path, counties=settings.COUNTIES, city_code=settings.CITY_CODE)
    returned = {(one.sheet, one.row) for one in found.problems if one.row}
    assert found.rows_in == found.rows_taken + len(returned)
    return found


def written(found: PlanReading, name: str) -> list[str]:
    return [entry["written"].get(name, "") for entry in found.entries]


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a workbook of rows below a title, and merges some cells."""
    def write(*rows: list[str], merged: tuple = (), left: int = 0, name: str = "计划.xlsx") -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("计划")
            sheet.write(0, left, "某市2026年度部门联合抽查计划")
            for number, row in enumerate([HEADINGS, *rows], 1):
                for column, text in enumerate(row, left):
                    sheet.write(number, column, text or None)
            for top, bottom, column, text in merged:  # in rows of the table, from 1
                sheet.merge_range(top + 1, column + left, bottom + 1, column + left, text)
        return path
    return write


def text(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "计划.txt"
    path.write_text(content, "utf-8")
    return path


def test_a_plan_of_whole_rows_is_taken_as_it_is(table):
    found = read(table(ROW, ["2", *ROW[1:]]))
    assert written(found, "number") == ["1", "2"] and not found.problems and not found.notes


def test_rows_that_differ_in_their_items_only_are_one_inspection(table):
    found = read(table(ROW, ["1", *ROW[1:2], "消防", *ROW[3:]]))
    (one,) = found.entries
    assert one["written"]["items"] == "治安\n消防" and one["rows"] == [["计划", 3], ["计划", 4]]


def test_rows_of_one_number_for_other_businesses_are_other_inspections(table):
    found = read(table(ROW, ["", "", "卫生", "影院", "8%", "", "", ""]))
    assert written(found, "targets") == ["旅馆", "影院"] and written(found, "lead") == ["公安", "公安"]
    (note,) = found.notes
    assert note.row == 4 and "随上一行" in note.wrong and "发起部门＝公安" in note.wrong


@pytest.mark.parametrize("left", [0, 2])
def test_merged_cells_are_filled_as_the_workbook_says(table, left):
    second = ["2", "影院抽查", "消防", "影院", "8%", "5月", "", "消防"]
    found = read(table(ROW, second, merged=((1, 2, 6, "公安"),), left=left))
    assert written(found, "lead") == ["公安", "公安"] and not found.notes


def test_a_blank_cell_that_is_not_merged_is_asked_about(table):
    found = read(table(ROW, ["2", "影院抽查", "消防", "影院", "8%", "5月", "", "消防"]))
    (problem,) = found.problems
    assert (problem.sheet, problem.row, problem.column) == ("计划", 4, "发起部门")
    assert found.rows_taken == 1


def test_what_follows_a_row_that_was_not_understood_is_not_understood_either(table):
    found = read(table(ROW, ["甲", *ROW[1:]], ["", "", "卫生", "影院", "", "", "", ""]))
    assert [one.row for one in found.problems] == [4, 5] and found.rows_taken == 1


def test_lines_below_the_table_are_no_rows(table):
    found = read(table(ROW, ["备注：各部门按时完成"], ["合计", "1"], HEADINGS))
    assert found.rows_in == 1 and len(found.footers) == 3


def test_a_personal_number_in_what_will_be_public_is_refused(table):
    found = read(table([*ROW[:3], "旅馆，电话13912345678", *ROW[4:]]))
    assert "手机号码" in found.problems[0].wrong


def test_text_with_bars_is_joined_over_lines_to_whole_rows(tmp_path):
    found = read(text(tmp_path, "某计划\n" + " | ".join(HEADINGS) + " |\n"
                      "1 | 旅馆抽查 | 治安 |\n旅馆 | 5% | 4月 | 公安 | 消防 |\n"
                      "卫生 | 影院 | 8% |||||\n"
                      "2 | 影院抽查 | 消防\n设施 | 影院 | 8% | 5月 | 公安 | 消防 |\n"
                      "3 | 网吧\n"))
    assert written(found, "items") == ["治安", "消防设施"]
    assert [(one.row, one.wrong.split("；")[0]) for one in found.problems] == [
        (5, "这里应是序号"), (8, "各格不全，或没有分隔")]


def test_text_parted_by_spaces_is_asked_about_row_by_row(tmp_path):
    found = read(text(tmp_path, "计划\n序号 抽查任务名称 抽查事项 检查对象\n抽查比例 发起部门\n"
                      "1 旅馆抽查 治安 旅馆 5% 公安\n消防\n2 影院抽查 消防 影院 8% 公安\n"))
    assert found.rows_in == 2 and [one.row for one in found.problems] == [4, 6]


@pytest.mark.parametrize("content", ["只有一段话。", "序号 | 抽查结果 | 名称 |\n1 | 正常 | 某店 |", "a|b|c"])
def test_what_is_no_plan_says_which_headings_are_missing(tmp_path, content):
    found = read(text(tmp_path, content))
    assert {"检查对象", "发起部门"} <= {one.column for one in found.problems} and not found.entries


def test_a_file_far_too_long_for_a_plan_is_refused(tmp_path):
    path = tmp_path / "计划.csv"
    path.write_text(",".join(HEADINGS) + "\n" + (",".join(ROW) + "\n") * (MOST_ROWS + 1), "utf-8")
    with pytest.raises(RosterError, match="不像是一份计划"):
        read(path)
    with pytest.raises(RosterError, match="文字太长"):
        read(text(tmp_path, "一" * 2_000_001))


# what each published excerpt holds, counted by hand: rows, rows taken, inspections
REAL = {"01_shantou_joint_item_list_v2": (12, 5, 5), "03_yangjiang_2025_plan": (2, 1, 1),
        "04_changzhi_2024_joint_plan": (4, 0, 0), "09_whkfq_2022_joint_plan": (15, 5, 5)}


@pytest.mark.parametrize("name", REAL)
def test_a_published_plan_goes_in_and_what_is_cut_or_shifted_is_returned(name):
    found = read(SHARED / "plans" / f"{name}.txt")
    assert (found.rows_in, found.rows_taken, len(found.entries)) == REAL[name]


@pytest.mark.parametrize("name", ["13_results_real", "14_inspection_form_content_shuozhou_2025"])
def test_what_is_published_but_no_plan_is_told_so(name):
    found = read(SHARED / "plans" / f"{name}.txt")
    assert not found.entries and any(one.column == "发起部门" for one in found.problems)


def test_the_shapes_of_published_cells_come_through_as_they_are_written():
    found = read(SHARED / "plans" / "09_whkfq_2022_joint_plan.txt")
    assert written(found, "share") == ["10-20%", "8%", "5%", "不低于0.5%", "5%"]
    found = read(SHARED / "plans" / "03_yangjiang_2025_plan.txt")
    assert written(found, "months") == ["2025年9月"] and written(found, "estimate") == ["1家"]
