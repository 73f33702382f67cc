"""Every row is taken or listed, and every fault is named with its row."""

from datetime import date

import pytest

from blocks.rosters import check, read
from blocks.rosters.reading import Sheet
from blocks.rules import uscc

HEAD = ["统一社会信用代码", "名称"]


def code(county: str = "445202", body: str = "YL4400013") -> str:
    first17 = f"91{county}{body}"
    return first17 + uscc.check_character(first17)


def table(*rows: list[str], name: str = "") -> list[Sheet]:
    return [Sheet(name, [(n, list(row)) for n, row in enumerate(rows, start=1)])]


def targets(city, *rows, head=HEAD, **known):
    reading = check("targets", table(head, *rows), **city, **known)
    assert reading.rows_in == len(reading.rows) + len(reading.problem_rows)
    return reading


def test_a_missing_column_names_the_column_and_what_may_be_written(city):
    reading = check("targets", table(["企业名称"], ["样例"]), **city)
    (problem,) = reading.problems
    assert problem.column == "统一社会信用代码" and problem.row == 0
    assert "缺少必填列" in problem.wrong and "社会信用代码、信用代码" in problem.remedy
    assert reading.rows == [] and reading.rows_in == 0


def test_every_missing_column_is_named_not_only_the_first(city):
    reading = check("inspectors", table(["姓名", "部门代码"], ["样例", "gaj"]), **city)
    assert [p.column for p in reading.problems] == ["执法证号", "证件起始日期", "证件截止日期"]


def test_a_column_written_twice_is_not_ours_to_choose(city):
    (problem,) = targets(city, [code(), "甲", "乙"], head=[*HEAD, "名称"]).problems
    assert "出现了两次" in problem.wrong and problem.row == 0


def test_titles_may_stand_above_the_headings_and_rows_keep_their_number(city):
    reading = check("targets", table(["揭阳市检查对象名录库"], ["单位：样例"], HEAD, ["x", "甲"]), **city)
    assert reading.rows_in == 1 and reading.problems[0].row == 4


def test_a_wrong_check_digit_is_listed_with_its_row_and_value(city):
    right = code()
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    (problem,) = targets(city, [wrong, "样例·甲"]).problems
    assert (problem.row, problem.column, problem.value) == (2, "统一社会信用代码", wrong)
    assert "营业执照" in problem.remedy


def test_lower_case_and_full_width_codes_are_repaired_and_the_repair_is_told(city):
    right = code()
    wide = "".join(chr(ord(c) + 0xFEE0) for c in right.lower())
    wide = wide[:6] + " " + wide[6:]
    reading = targets(city, [f" {wide} ", "样例·甲"])
    assert reading.rows[0]["uscc"] == right
    (repair,) = reading.repaired
    assert (repair.row, repair.before, repair.after) == (2, wide, right)
    assert str(repair).startswith("第2行「统一社会信用代码」")


def test_both_rows_of_a_duplicate_are_listed_each_naming_the_other(city):
    reading = targets(city, [code(), "甲"], [code().lower(), "乙"], [code(body="YL4400021"), "丙"])
    assert [(p.row, p.wrong) for p in reading.problems] == [(2, "与第3行重复"), (3, "与第2行重复")]
    assert [row["name"] for row in reading.rows] == ["丙"]


def test_duplicates_are_found_across_sheets(city):
    sheets = table(HEAD, [code(), "甲"], name="榕城") + table(HEAD, [code(), "乙"], name="普宁")
    reading = check("targets", sheets, **city)
    assert [p.wrong for p in reading.problems] == ["与普宁第2行重复", "与榕城第2行重复"]
    assert reading.rows_in == 2 == len(reading.problem_rows)


def test_an_interest_is_repeated_only_if_person_and_business_are_the_same(city):
    head = ["执法证号", "统一社会信用代码", "回避事由"]
    rows = [["YL1", code(), "甲"], ["YL2", code(), "乙"], ["YL1", code(), "丙"]]
    reading = check("interests", table(head, *rows), **city)
    assert sorted(reading.problem_rows) == [("", 2), ("", 4)]


def test_all_faults_of_all_rows_are_collected(city):
    reading = targets(city, ["错", ""], ["也错", "乙"])
    assert [(p.row, p.column) for p in reading.problems] == [
        (2, "统一社会信用代码"), (2, "名称"), (3, "统一社会信用代码"),
    ]


@pytest.mark.parametrize("blank", ["", "N/A", "n/a", "-", "无", "  ", "\u3000", "—", "－"])
def test_a_name_that_says_nothing_is_missing(city, blank):
    (problem,) = targets(city, [code(), blank]).problems
    assert problem.wrong == "不能为空"


@pytest.mark.parametrize(
    ("county", "name", "address", "region", "expected"),
    [
        ("445281", "揭西县样例", "", "", "445281"),  # the code itself says it
        ("445200", "样例", "揭阳市普宁市流沙镇", "", "445281"),
        ("445200", "样例", "普宁流沙", "", "445281"),
        ("445200", "样例", "榕城区揭东路", "", "445202"),  # the longer word
        ("445200", "样例", "市区样例路", "惠来", "445224"),  # the column 地区
        ("445200", "样例", "市区样例路", "揭阳", "445200"),
        ("445200", "样例揭西凤江加油站", "", "", "445222"),
        ("440100", "样例", "揭东县", "", "445203"),
        ("445200", "样例", "空港经济区", "", "445200"),
        ("445281", "样例", "", "揭西县", "445222"),  # the column says it outright
        ("445281", "样例", "", "市直", "445200"),
    ],
)
def test_the_county_comes_from_code_address_or_name(city, county, name, address, region, expected):
    head = [*HEAD, "注册地址", "地区"]
    (row,) = targets(city, [code(county), name, address, region], head=head).rows
    assert row["county_code"] == expected


def test_businesses_of_the_city_itself_are_counted_not_listed(city):
    reading = targets(city, [code("445200"), "样例"])
    assert not reading.problems and reading.defaults["county_code"] == 1


def test_a_county_outside_the_city_is_a_fault(city):
    (problem,) = targets(city, [code(), "样例", "440103"], head=[*HEAD, "区县代码"]).problems
    assert "不是本市的区县" in problem.wrong and "445281" in problem.remedy


@pytest.mark.parametrize(
    ("written", "expected", "counted"),
    [("A", "A", 0), ("ｄ类", "D", 0), ("C级（较高）", "C", 0), ("E", "B", 1), ("", "B", 1)],
)
def test_an_unknown_risk_class_is_b_and_counted(city, written, expected, counted):
    reading = targets(city, [code(), "样例", written], head=[*HEAD, "信用风险等级"])
    assert reading.rows[0]["risk_class"] == expected
    assert reading.defaults.get("risk_class", 0) == counted


def test_defaults_stand_where_the_file_says_nothing(city):
    (row,) = targets(city, [code(), "样例"]).rows
    assert row["status"] == "存续" and row["kind"] == "未分类" and row["complaints"] == 0
    assert row["on_abnormal_list"] is False and row["department_codes"] == []


def test_the_register_state_is_read_without_its_brackets(city):
    head = [*HEAD, "登记状态"]
    assert targets(city, [code(), "甲", "存续（在营、开业、在册）"], head=head).is_clean
    (problem,) = targets(city, [code(), "甲", "冬眠"], head=head).problems
    assert "存续、停业" in problem.remedy


def test_control_characters_go_and_formulas_stay_text(city):
    reading = targets(city, [code(), "=样\u202e例\x07公司\ue001"])
    assert reading.rows[0]["name"] == "=样例公司\ue001"
    assert "控制字符" in reading.repaired[0].why


def test_a_code_damaged_by_excel_is_named_as_such(city):
    (problem,) = targets(city, ["9.14452E+17", "样例"]).problems
    assert "Excel" in problem.wrong


def test_a_csv_row_shifted_by_a_comma_is_listed(city):
    (problem,) = targets(city, [code(), "甲", "乙"]).problems
    assert "错位" in problem.wrong


def test_sheets_of_explanation_are_passed_over_and_named(city):
    sheets = table(["填写说明"], ["统一社会信用代码：18位"], name="说明") + table(
        [*HEAD, "备注"], [code(), "甲"], name="名单"
    )
    reading = check("targets", sheets, **city)
    assert reading.is_clean and len(reading.rows) == 1
    assert reading.ignored_sheets == ["说明"] and reading.ignored_headings == ["备注"]


INSPECTOR = ["执法证号", "姓名", "部门代码", "区县", "发证日期", "有效期至", "可任组长", "可检事项"]


def inspector(city, **changes):
    row = {"执法证号": "YL1", "姓名": "样例", "部门代码": "gaj", "发证日期": "2024-01-01",
           "有效期至": "2028-12-31"} | changes
    known = {"department_code": {"gaj"}, "item_code": {"LG-01", "LG-02"}}
    return check("inspectors", table(INSPECTOR, [row.get(h, "") for h in INSPECTOR]), **city,
                 known=known)


@pytest.mark.parametrize(
    "written",
    ["2026-01-02", "2026/1/2", "2026年1月2日", "2026.01.02", "20260102", "2026-01-02 00:00:00",
     "２０２６年１月２日"],
)
def test_dates_are_read_as_people_write_them(city, written):
    (row,) = inspector(city, 有效期至=written).rows
    assert row["certificate_to"] == date(2026, 1, 2)


@pytest.mark.parametrize("written", ["2026-02-29", "明年", "45292", "26-1-2", "2026-1"])
def test_what_is_no_day_is_a_fault(city, written):
    (problem,) = inspector(city, 有效期至=written).problems
    assert problem.wrong == "不是有效日期" and problem.column == "有效期至"


def test_a_certificate_that_ends_before_it_begins_is_a_fault(city):
    (problem,) = inspector(city, 有效期至="2023-12-31").problems
    assert "早于" in problem.wrong


def test_unknown_references_are_faults_of_the_row(city):
    reading = inspector(city, 部门代码="zzz", 可检事项="LG-01、XX-9；LG-02")
    assert [p.wrong for p in reading.problems] == ["系统里没有“zzz”", "系统里没有“XX-9”"]


def test_an_inspector_may_have_no_county_and_every_item(city):
    (row,) = inspector(city).rows
    assert row["county_code"] is None and row["item_codes"] == [] and row["may_lead"] is False


@pytest.mark.parametrize(("written", "expected"), [("是", True), ("√", True), ("否", False)])
def test_yes_and_no_have_many_faces(city, written, expected):
    assert inspector(city, 可任组长=written).rows[0]["may_lead"] is expected
    assert inspector(city, 可任组长="也许").problems[0].wrong == "只能填“是”或“否”"


def test_roles_are_chosen_from_the_list(city):
    head = ["登录名", "姓名", "部门代码", "角色"]
    good, bad = ["a", "甲", "gaj", "经办、审批"], ["b", "乙", "gaj", "厨师"]
    reading = check("accounts", table(head, good, bad), **city)
    assert reading.rows[0]["roles"] == ["drafter", "approver"]
    assert reading.rows[0]["certificate_no"] is None
    assert "经办" in reading.problems[0].remedy


def test_a_workbook_is_read_and_checked_in_one_step(city, workbook):
    cells = dict(zip(["A1", "B1", "A2", "B2"], [*HEAD, code(), "样例·甲"], strict=True))
    reading = read("targets", workbook({"名单": cells}), **city)
    assert reading.is_clean and reading.rows[0]["name"] == "样例·甲"


def test_lines_below_a_table_are_told_and_are_no_rows(city):
    reading = targets(city, [code(), "甲"], ["合计", "1家"], ["填表人：样例", "审核人：样例"], ["备注：无", ""])
    assert reading.is_clean and reading.rows_in == 1
    assert [text for _, _, text in reading.footers] == ["合计", "填表人：样例", "备注：无"]


def test_a_row_that_only_looks_like_a_footer_is_listed(city):
    reading = targets(city, ["合计印刷厂", "x"], ["备注文化公司", "y"])
    assert len(reading.problem_rows) == 2 and not reading.footers


def test_an_old_registration_number_is_kept_as_not_yet_unified(city):
    reading = targets(city, ["445202000012345", "样例·老厂"])
    assert reading.rows[0]["uscc"] == "445202000012345" and reading.rows[0]["county_code"] == "445202"
    assert "尚未换发" in reading.notes[0].wrong and reading.notes[0].row == 2


def test_a_county_that_contradicts_the_code_is_taken_and_told(city):
    reading = targets(city, [code("445202"), "样例", "普宁市"], head=[*HEAD, "所在区县"])
    assert reading.rows[0]["county_code"] == "445281"
    (note,) = reading.notes
    assert "榕城区" in note.wrong and note.row == 2


@pytest.mark.parametrize("name", ["样例13800000000", "样例 138 0000 0000 店", "居民身份证11010519491231002X"])
def test_a_name_with_a_personal_number_is_refused_since_it_is_public(city, name):
    assert "对外公开" in targets(city, [code(), name]).problems[0].wrong


def test_moments_in_milliseconds_are_days_in_china(city):
    head = ["comp_name", "credit_code", "incloud_date_ms", "incloud_reason", "decision_organ", "id"]
    reading = check("abnormal", table(head, ["样例", "", "1436198400000", "未公示", "样例局", "a"]), **city)
    assert reading.rows[0]["listed_on"] == date(2015, 7, 7) and reading.rows[0]["uscc"] is None
