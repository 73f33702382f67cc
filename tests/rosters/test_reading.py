"""A roster is opened, or refused with a Chinese sentence and what to do."""

import gzip
import zipfile
from datetime import date

import pytest

from blocks.errors import RosterError
from blocks.rosters.reading import read_table

TEXT = "部门代码,部门名称\nscjg,样例·䶮㛃𬭩市监\n"
ROWS = [(1, ["部门代码", "部门名称"]), (2, ["scjg", "样例·䶮㛃𬭩市监"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_with_its_rare_characters_in_every_usual_encoding(tmp_path, encoding):
    path = tmp_path / "部门.csv"
    path.write_bytes(TEXT.encode(encoding))
    (sheet,) = read_table(path)
    assert sheet.rows == ROWS


def test_compressed_csv_is_read(tmp_path):
    path = tmp_path / "部门.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    assert read_table(path)[0].rows == ROWS


def test_rows_keep_their_excel_number_across_blank_rows_and_line_breaks_in_cells(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('甲,乙\n\n"一\n二",丙\n , \n丁,戊\n', encoding="utf-8")
    assert [number for number, _ in read_table(path)[0].rows] == [1, 3, 5]


def test_workbook_cells_become_text_as_an_officer_sees_them(workbook):
    cells = {"B3": "名称", "C3": "日期", "B5": 7, "C5": date(2026, 1, 2), "D5": True, "E5": 0.5}
    (sheet,) = read_table(workbook({"名单": cells}))
    assert sheet.name == "名单"
    rows = {number: [text for text in row if text] for number, row in sheet.rows}
    assert rows == {3: ["名称", "日期"], 5: ["7", "2026-01-02", "TRUE", "0.5"]}


def test_a_code_that_excel_took_for_a_number_is_shown_as_damaged(workbook):
    (sheet,) = read_table(workbook({"名单": {"A1": 914452001933327000}}))
    assert sheet.rows == [(1, ["9.14452E+17"])]


def test_hidden_sheets_are_left_out(workbook):
    path = workbook({"名单": {"A1": "甲"}, "下拉选项": {"A1": "乙"}}, hidden=("下拉选项",))
    assert [sheet.name for sheet in read_table(path)] == ["名单"]


def refused(path) -> str:
    with pytest.raises(RosterError) as caught:
        read_table(path)
    (problem,) = caught.value.problems
    assert problem.row == 0 and problem.remedy == caught.value.remedy != ""
    assert str(path.parent) not in str(caught.value)
    return caught.value.message


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("名单.docx", b"PK\x03\x04", "文件类型不对"),
        ("名单", b"a,b", "文件类型不对"),
        ("空.csv", b"", "0 字节"),
        ("空.xlsx", b"", "0 字节"),
        ("空白.csv", b"\n ,\n\n", "没有任何内容"),
        ("坏.csv", b"a,b\n1,\x002\n", "NUL"),
        ("坏.csv", b"a,b\n\xff\xff\xff\n", "编码无法识别"),
        ("坏.csv", "甲,乙".encode("utf-16"), "UTF-16"),
        ("坏.csv", b'a,b\n"open,2\n3,4\n', "第2行"),
        ("坏.csv", b"PK\x03\x04aaaa", "扩展名被改过"),
        ("坏.csv", b"%PDF-1.7", "扩展名被改过"),
        ("坏.csv.gz", b"a,b\n1,2\n", "压缩文件已损坏"),
        ("坏.csv.gz", gzip.compress(b"a,b\n" * 99, mtime=0)[:20], "压缩文件已损坏"),
        ("坏.xlsx", b"a,b\n1,2\n", "扩展名被改过"),
        ("坏.xls", b"PK\x03\x04aaaa", "扩展名被改过"),
        ("密.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "密码"),
        ("坏.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "损坏"),
        ("坏.xlsx", b"PK\x03\x04 and no more", "损坏"),
    ],
)
def test_what_cannot_be_read_is_refused_in_chinese(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    assert said in refused(path)


def test_a_missing_file_is_refused(tmp_path):
    assert "文件不存在" in refused(tmp_path / "没有.csv")


def test_a_renamed_archive_is_refused(tmp_path):
    path = tmp_path / "名单.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("说明.txt", "不是工作簿")
    assert "不是 Excel 工作簿" in refused(path)


def test_a_workbook_with_broken_xml_is_refused(tmp_path):
    path = tmp_path / "名单.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook><sheets>")
    assert "损坏" in refused(path)


def test_a_cell_in_the_last_corner_is_refused_and_kills_only_the_child(workbook):
    path = workbook({"名单": {"A1": "甲", "XFD1048576": "乙"}})
    assert "过大" in refused(path)


def test_a_workbook_that_unfolds_to_gigabytes_is_refused_unopened(tmp_path):
    path = tmp_path / "名单.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member:
            for _ in range(1025):
                member.write(bytes(1024**2))
    assert path.stat().st_size < 10 * 1024**2
    assert "过大" in refused(path)
