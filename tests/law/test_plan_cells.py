"""What offices write into a plan's cells: understood, or asked about; never guessed (art. 14)."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.rules.naming import department_forms, items, names, stem, target_kinds
from blocks.rules.plan_cells import Share, Unclear, share, windows

PERCENT = Fraction(1, 100)


@pytest.mark.parametrize(("text", "meant"), [
    ("5%", Share("ratio", 5 * PERCENT)),
    ("５％", Share("ratio", 5 * PERCENT)),
    ("0.5%", Share("ratio", PERCENT / 2)),
    ("100%", Share("ratio", Fraction(1))),
    ("全覆盖", Share("ratio", Fraction(1))),
    ("不少于1%", Share("ratio", PERCENT, is_floor=True)),
    ("不低于0.5%", Share("ratio", PERCENT / 2, is_floor=True)),
    ("≥20%；1次/年", Share("ratio", 20 * PERCENT, is_floor=True)),
    ("5%以上", Share("ratio", 5 * PERCENT, is_floor=True)),
    ("10-20%", Share("ratio", 10 * PERCENT, 20 * PERCENT)),
    ("10%—20%", Share("ratio", 10 * PERCENT, 20 * PERCENT)),
    ("60-70家", Share("number", Fraction(60), Fraction(70))),
    ("1家", Share("number", Fraction(1))),
    ("不少于 10 户", Share("number", Fraction(10), is_floor=True)),
    ("3%;2次/年", Share("ratio", 3 * PERCENT, times=2)),
    ("10%但不少于10家", Share("ratio", 10 * PERCENT, floor=10)),
    ("按10%抽取，且不少于10家", None),
    ("抽查比例为10%，且不少于10家", Share("ratio", 10 * PERCENT, floor=10)),
])
def test_a_share_is_understood_as_it_is_meant(text, meant):
    if meant is None:
        with pytest.raises(Unclear):
            share(text)
    else:
        assert share(text) == meant


@pytest.mark.parametrize(("text", "said"), [
    ("", "没有填"), ("待定", "尚未确定"), ("按实际情况确定", "尚未确定"), ("/", "尚未确定"),
    ("约10家", "约数"), ("5%左右", "约数"), ("不超过5%", "只有上限"), ("5%以内", "只有上限"),
    ("5%或10家", "看不懂"), ("10家，5%", "不知以哪个为准"), ("5%，8%", "分了几种情形"),
    ("0%", "不合理"), ("101%", "超过100%"), ("20-10%", "不合理"), ("2次/年", "没有写明比例"),
    ("市级每年抽查比例之和≥20%", "看不懂"), ("抽查比例" * 90 + "x", "看不懂"), ("长" * 500, "太长"),
])
def test_a_share_that_is_not_certain_is_asked_about(text, said):
    with pytest.raises(Unclear) as asked:
        share(text)
    assert said in asked.value.wrong and asked.value.remedy


def test_a_share_is_told_as_it_was_understood():
    assert str(share("10%但不少于10家")) == "10%，且不少于10家"
    assert str(share("60-70家")) == "60至70家"
    assert str(share("≥0.5%；2次/年")) == "不少于0.5%，每年2次"


def span(*days: tuple[int, int]) -> tuple[date, ...]:
    return tuple(date(2026, month, day) for month, day in days)


@pytest.mark.parametrize(("text", "meant"), [
    ("9月", [span((9, 1), (9, 30))]),
    ("2月", [span((2, 1), (2, 28))]),
    ("2026年9月", [span((9, 1), (9, 30))]),
    ("3月—12月", [span((3, 1), (12, 31))]),
    ("4月至11月底", [span((4, 1), (11, 30))]),
    ("4-11月", [span((4, 1), (11, 30))]),
    ("2026年4月-2026年6月", [span((4, 1), (6, 30))]),
    ("全年", [span((1, 1), (12, 31))]),
    ("2026年上半年", [span((1, 1), (6, 30))]),
    ("第四季度", [span((10, 1), (12, 31))]),
    ("4月、9月", [span((4, 1), (4, 30)), span((9, 1), (9, 30))]),
    ("9月—11月；3月—5月", [span((3, 1), (5, 31)), span((9, 1), (11, 30))]),
    ("9月1日-10月15日", [span((9, 1), (10, 15))]),
])
def test_a_time_is_understood_to_its_first_and_last_day(text, meant):
    assert windows(text, 2026) == meant


@pytest.mark.parametrize(("text", "said"), [
    ("待定", "尚未确定"), ("", "没有填"), ("2025年9月", "写的是2025年"), ("9月底前", "从何时开始"),
    ("12月—2月", "早于开始"), ("13月", "看不懂"), ("2月30日", "没有2月30日"), ("5", "看不懂"),
    ("每月", "看不懂"), ("4月-6月;5月", "重叠"), ("3月底—5月", "看不懂"), ("3-4-5月", "看不懂"),
])
def test_a_time_that_is_not_certain_is_asked_about(text, said):
    with pytest.raises(Unclear) as asked:
        windows(text, 2026)
    assert said in asked.value.wrong


DEPARTMENTS = [("scjg", "市市场监督管理局", "市监"), ("gaj", "市公安局", "公安"),
               ("zjj", "市住房和城乡建设局", "住建"), ("fgj", "市发展和改革局", "发改")]
KNOWN = department_forms(DEPARTMENTS, {"市场监管": "市场监督管理"})


@pytest.mark.parametrize(("text", "codes"), [
    ("市公安局", ["gaj"]), ("公安部门", ["gaj"]), ("公安", ["gaj"]), ("gaj", ["gaj"]),
    ("市场监管部门", ["scjg"]), ("市场监管、公安", ["scjg", "gaj"]), ("市公安局 、", ["gaj"]),
    ("市住房和城乡建设局", ["zjj"]), ("公安和市场监管", ["gaj", "scjg"]),
    ("市监 公安", ["scjg", "gaj"]), ("公安,公安", ["gaj"]),
])
def test_departments_are_understood_by_the_names_offices_use(text, codes):
    assert names(text, KNOWN, "配合部门") == codes


@pytest.mark.parametrize(("text", "said"), [
    ("市场监管领域相关部门(由发起部门确定)", "不在系统里"), ("公安等部门", "公安等部门"),
    ("市教育局", "市教育局"), ("、", "没有写明"), ("", "没有写明"),
])
def test_a_department_that_is_not_certain_is_asked_about(text, said):
    with pytest.raises(Unclear) as asked:
        names(text, KNOWN, "配合部门")
    assert said in asked.value.wrong


def test_a_name_that_two_departments_share_is_nobodys():
    both = department_forms([*DEPARTMENTS, ("jxga", "揭西县公安局", "揭西公安")], {})
    assert names("市公安局", both, "") == names("公安部门", both, "") == ["gaj"]
    assert names("揭西县公安局", both, "") == ["jxga"]
    twice = department_forms([("a", "甲县公安局", "甲"), ("b", "乙县公安局", "乙")], {})
    with pytest.raises(Unclear):
        names("公安局", twice, "")


@pytest.mark.parametrize(("name", "own"), [
    ("市公安局", "公安"), ("揭阳市公安局", "公安"), ("样例·市消防救援支队", "消防救援"),
    ("市市场监督管理局", "市场监督管理"), ("市城市管理和综合执法局", "城市管理和综合执法"),
    ("市发展和改革委员会", "发展和改革"),
])
def test_a_department_has_a_stem(name, own):
    assert stem(name) == own


def test_kinds_of_business_are_those_of_the_directories():
    known = ["旅馆", "文化娱乐场所", "道路、桥梁施工单位"]
    assert target_kinds("全市各类旅馆", known) == ["旅馆"]
    assert target_kinds("旅馆、辖区内文化娱乐场所", known) == ["旅馆", "文化娱乐场所"]
    assert target_kinds("道路、桥梁施工单位", known) == ["道路、桥梁施工单位"]
    with pytest.raises(Unclear, match="宾馆"):
        target_kinds("宾馆、旅馆", known)


def test_items_are_those_of_the_catalogue():
    known = {"lg-01": "LG-01", "旅馆业治安管理情况检查": "LG-01", "旅馆消防安全检查": "LG-02"}
    assert items("LG-01", known) == ["LG-01"]
    assert items("1.旅馆业治安管理情况检查\n2、旅馆消防安全检查。", known) == ["LG-01", "LG-02"]
    assert items("LG-01、旅馆消防安全检查", known) == ["LG-01", "LG-02"]
    with pytest.raises(Unclear, match="不在事项清单里"):
        items("LG-01、什么都查", known)


CELLS = "0123456789%家户次年月日第季度至—-~、,;；约不少于超过以上下但且或全覆盖待定 抽查比例"


@given(st.text(alphabet=CELLS, max_size=60))
def test_any_cell_is_understood_or_asked_about(text):
    for read in (share, lambda cell: windows(cell, 2026), lambda cell: names(cell, KNOWN, "部门"),
                 lambda cell: items(cell, {"a": "A"}), lambda cell: target_kinds(cell, ["旅馆"])):
        try:
            read(text)
        except Unclear as unclear:
            assert unclear.wrong and unclear.remedy
