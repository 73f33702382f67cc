"""The exchange by files: a province never seen, its exports read back, everything wrong with them listed."""

import json
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from xlsxwriter import Workbook

from blocks import settings
from blocks.actions import assignments, exchanging
from blocks.errors import InspectionError, RosterError
from blocks.gateway import mapping, workbooks
from blocks.gateway.block import Gateway
from blocks.public_site import data
from blocks.register import exchanges
from blocks.register.database import transaction
from blocks.rosters import read_table
from tests.conftest import SHARED
from tests.gateway.conftest import rows
from tests.scenes import everything, run

PROVINCE = """
label: 样例省
kinds:
  assignments:
    label: 任务派发
    sheet: Sheet1
    key: [scheme_code, authority]
    columns:
    - {heading: 任务号, field: scheme_code, width: 12, required: true}
    - {heading: 单位, field: authority, width: 30, required: true}
    - {heading: 状态码, field: stage, width: 8, required: true, codes: {待接收: "01", 已接收: "02"}}
  receipts:
    label: 导入结果
    key: [key]
    ignore: [序号]
    columns:
    - {heading: 业务流水, field: key, type: code, required: true}
    - {heading: 结果, field: state, required: true, codes: {acknowledged: 成功, refused: 失败}}
    - {heading: 流水号, field: receipt, type: code}
    - {heading: 失败原因, field: reason}
  targets:
    label: 主体
    key: [uscc]
    columns:
    - {heading: 代码, field: uscc, type: uscc, required: true}
    - {heading: 名称, field: name, required: true}
    - {heading: 成立日期, field: registered_on, type: date, format: "%Y%m%d"}
"""


def book(path: Path, *lines: list) -> Path:
    with Workbook(path) as made:
        sheet = made.add_worksheet()
        for number, line in enumerate(lines):
            sheet.write_row(number, 0, line)
    return path


@pytest.fixture
def province(tmp_path: Path, told) -> Path:
    path = tmp_path / "sheng.yaml"
    path.write_text(PROVINCE, "utf-8")
    told(platform="files", platform_mapping=path)
    return path


@pytest.fixture
def sent(open_scene, province) -> str:
    """A department has accepted, and the workbook for it lies there; the key of the exchange."""
    code = open_scene("dispatched")
    assignments.accept("wjj.jingban", code)
    assert run("exchange", code) == ["已报送1件"]
    return rows("SELECT key FROM exchanges")[0][0]


RECEIPT = ["序号", "业务流水", "结果", "流水号", "失败原因"]


def test_a_province_never_seen_gets_its_workbook_and_its_receipt_is_read_back(sent, tmp_path):
    with transaction() as session:
        path = Gateway.from_settings().file(exchanges.find(session, sent))
    (sheet,) = read_table(path)
    code = rows("SELECT code FROM schemes")[0][0]
    assert sheet.name == "Sheet1"
    assert [cells for _, cells in sheet.rows] == [
        ["任务号", "单位", "状态码"], [code, rows("SELECT name FROM departments WHERE code = 'wjj'")[0][0], "02"]]
    back = book(tmp_path / "回执.xlsx", RECEIPT, [1, sent, "成功", "SJ-7", ""])
    assert exchanging.take("bangong", "receipts", back).sentence == "登记回执1份"
    assert rows("SELECT stage, receipt FROM exchanges") == [("acknowledged", "SJ-7")]


def test_the_same_receipt_twice_changes_nothing(sent, tmp_path):
    exchanging.take("bangong", "receipts", book(tmp_path / "1.xlsx", RECEIPT, [1, sent, "成功", "SJ-7", ""]))
    before = everything()
    assert "已经导入过" in exchanging.take("bangong", "receipts", tmp_path / "1.xlsx").sentence
    assert everything() == before
    other = book(tmp_path / "2.xlsx", RECEIPT, [9, sent, "成功", "SJ-7", ""])
    assert exchanging.take("bangong", "receipts", other).sentence == "登记回执0份，1份此前已登记"
    assert rows("SELECT version, receipt FROM exchanges") == [(3, "SJ-7")]


@pytest.mark.parametrize(("kind", "lines", "saying"), [
    ("receipts", [RECEIPT, [1, "445200:无此件:1", "成功", "SJ-1", ""]], "没有这份报送"),
    ("receipts", [RECEIPT, [1, "{key}", "已收", "SJ-1", ""]], "不在可选范围内"),
    ("receipts", [RECEIPT, [1, "{key}", "成功", "", ""]], "没有回执编号"),
    ("receipts", [[*RECEIPT, "新列"], [1, "{key}", "成功", "SJ-1", "", "x"]], "对照表里没有"),
    ("receipts", [RECEIPT, [1, "{key}", "成功", "SJ-1", ""], ["共 3 条"]], "可能不完整"),
    ("receipts", [RECEIPT[:3], [1, "{key}", ""]], "不能为空"),
    ("targets", [["代码", "名称", "成立日期"], ["91445200193332772A", "样例", 46354]], "不是有效日期"),
    ("targets", [["代码", "名称", "成立日期"], [9.144520019333277e17, "样例", ""]], "当作数字"),
])
def test_whatever_is_wrong_with_an_export_is_listed_and_nothing_is_taken(sent, tmp_path, kind, lines, saying):
    path = book(tmp_path / "坏.xlsx", *[[sent if cell == "{key}" else cell for cell in line] for line in lines])
    before = everything()
    with pytest.raises(RosterError) as caught:
        exchanging.take("bangong", kind, path)
    assert saying in "".join(map(str, caught.value.problems))
    assert "一行都没有收" in caught.value.message and caught.value.remedy
    assert everything() == before


def test_half_a_file_is_refused(sent, tmp_path):
    whole = book(tmp_path / "整.xlsx", RECEIPT, [1, sent, "成功", "SJ-7", ""]).read_bytes()
    (tmp_path / "半.xlsx").write_bytes(whole[:len(whole) // 2])
    before = everything()
    with pytest.raises(RosterError, match="无法读取"):
        exchanging.take("bangong", "receipts", tmp_path / "半.xlsx")
    assert everything() == before


def test_a_word_without_a_code_is_shown_to_a_person_and_nothing_is_written(open_scene, province):
    code = open_scene("dispatched")
    assignments.send_back("wjj.shenpi", code, "人手不足")
    assert run("exchange", code) == ["平台退回1件"]
    (stage, error), = rows("SELECT stage, last_error FROM exchanges")
    assert stage == "refused" and "代码表里没有「已退回」" in error
    assert not list((settings.state_dir() / "platform").glob("*.xlsx"))
    assert rows("SELECT count(*) FROM notices WHERE kind = 'platform'") == [(1,)]


def test_a_result_for_a_visit_that_was_replaced_or_a_business_unknown_is_listed(open_scene, told, tmp_path):
    told(platform="files")
    code = open_scene("in_field")
    layout = mapping.layout("results")
    uscc, name = rows("SELECT t.uscc, t.name FROM visits v JOIN targets t ON t.id = v.target_id ORDER BY v.id")[0]
    with transaction() as session:
        session.connection().exec_driver_sql("SET session_replication_role = replica")
        session.connection().exec_driver_sql(
            "UPDATE visits SET stage = 'replaced' WHERE id = (SELECT min(id) FROM visits)")
        session.connection().exec_driver_sql("SET session_replication_role = DEFAULT")
    line = {"scheme_code": code, "scheme_title": "样例", "draw_kind": "不定向", "authority": "样例局", "item_code": "1",
            "inspected_on": f"{date.today()}", "item_name": "事项", "result": "未发现问题", "version": 1, "key": "x"}
    workbooks.write(layout, [{**line, "uscc": uscc, "business": name},
                             {**line, "uscc": "91445200193332772A", "business": "样例·没有的"}], tmp_path / "结果.xlsx")
    with pytest.raises(RosterError) as caught:
        exchanging.take("bangong", "results", tmp_path / "结果.xlsx")
    said = [problem.wrong for problem in caught.value.problems]
    assert said == ["这家已经递补，不再检查，却有结果", "名录库里没有这家企业"]


def test_a_directory_is_compared_by_code_and_name_and_what_is_accepted_is_not_shown_again(open_scene, told, tmp_path):
    open_scene("sample")
    told(platform="files", platform_mapping="ten_columns")
    out = tmp_path / "名录.xlsx"
    assert exchanging.export("bangong", "targets", out).sentence
    assert "差异0处" in exchanging.take("bangong", "targets", out, full=True).sentence
    (sheet,) = read_table(out)
    lines = [cells for _, cells in sheet.rows]
    lines[1][0] += "（改名）"
    changed = book(tmp_path / "改.xlsx", *lines)
    assert "差异1处（新1处）" in exchanging.take("bangong", "targets", changed, full=True).sentence
    (id_, ours, theirs), = rows("SELECT id, ours->>'name', theirs->>'name' FROM differences")
    assert theirs == f"{ours}（改名）"
    exchanging.accept("bangong", id_, "已核，平台的是曾用名")
    lines.append(lines[-1][:0])
    again = book(tmp_path / "再.xlsx", *lines[:-1], [""] * 10, ["备注：再次导出"])
    assert "差异0处" in exchanging.take("bangong", "targets", again, full=True).sentence


def test_accounts_of_the_platform_that_nobody_here_has_and_people_without_one_are_listed(open_scene, told, tmp_path):
    open_scene("sample")
    told(platform="files")
    here = rows("SELECT d.name, a.name FROM accounts a JOIN departments d ON d.id = a.department_id "
                "WHERE a.active AND a.roles && '{drafter,approver,office}' ORDER BY 1, 2")
    heading = ["insAuth", "姓名", "账号"]
    same = book(tmp_path / "同.xlsx", heading, *[[*one, f"sheng{n}"] for n, one in enumerate(here)])
    assert "差异0处" in exchanging.take("bangong", "accounts", same, full=True).sentence
    (_, first), *others = here
    other = book(tmp_path / "异.xlsx", heading, [here[0][0], "已调离的人", "sheng0"], *[[*one, ""] for one in others])
    assert "差异2处（新2处）" in exchanging.take("bangong", "accounts", other, full=True).sentence
    assert {name for name, in rows("SELECT name FROM differences WHERE stage = 'found'")} == {first, "已调离的人"}
    assert "差异1处" in exchanging.take("bangong", "accounts", book(
        tmp_path / "部分.xlsx", heading, [here[0][0], "另一个调离的人", "sheng0"]), full=False).sentence


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not here")
def test_the_ten_columns_are_those_of_a_real_directory():
    import csv
    with (SHARED / "targets" / "jieyang.csv").open(encoding="utf-8") as file:
        headings = next(csv.reader(file))
    assert [column.heading for column in mapping.layout("targets", "ten_columns").columns] == headings


def test_published_results_validate_against_the_schema_of_the_national_fields(open_scene, told):
    told(platform="files")
    open_scene("publicised")
    schema = json.loads((settings.CONFIG / "gateway" / "national.schema.json").read_text("utf-8"))
    assert set(schema["properties"]) == set(data.FIELDS)
    with transaction() as session:
        files = data.of_days(session, [settings.today()])
    published = json.loads(next(content for name, content in files.items() if name.endswith(".json")))
    assert len(published) >= 9
    faults = [error.message for one in published for error in Draft202012Validator(schema).iter_errors(one)]
    assert faults == []
    broken = {**published[0], "insDate": "46354"}
    assert list(Draft202012Validator(schema).iter_errors(broken))


def test_a_mapping_that_is_none_says_so(open_scene, told, tmp_path):
    open_scene("sample")
    path = tmp_path / "坏.yaml"
    path.write_text("kinds: {targets: {label: 主体, key: [uscc], columns: [{heading: 代码, feld: uscc}]}}", "utf-8")
    told(platform="files", platform_mapping=path)
    with pytest.raises(InspectionError, match="看不懂的属性 feld"):
        exchanging.take("bangong", "targets", path)
