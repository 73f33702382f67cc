"""What a plan's entry means, when it opens, what may be merged, how versions differ (art. 14)."""

from datetime import date

import pytest

from blocks import settings
from blocks.rules.naming import department_forms
from blocks.rules.plan_cells import share
from blocks.rules.planning import (
    Known,
    changes,
    is_time_to_open,
    propose_merges,
    renumber,
    sampling_of,
    shortfall,
    understand,
)

KNOWN = Known(department_forms([("gaj", "市公安局", "公安"), ("wjj", "市卫生健康局", "卫健")], {}),
              {"lg-01": "LG-01", "lg-03": "LG-03"}, frozenset({"旅馆", "影院"}),
              {"LG-01": "gaj", "LG-03": "wjj"})
WRITTEN = {"name": "旅馆抽查", "items": "LG-01", "targets": "旅馆", "share": "5%", "months": "4月—6月",
           "lead": "公安", "participants": "卫健"}
HEADINGS = {"share": "抽查比例", "months": "抽查时间"}


def entry(number: int = 1, **cells: str):
    return understand({"number": number, "written": WRITTEN | cells}, 2026, KNOWN)


def asked(**cells: str) -> list[str]:
    return [one.field for one in entry(**cells).questions]


def test_an_entry_is_understood_as_a_whole():
    one = entry()
    assert (one.lead, one.participants, one.kinds, one.lead_items) == ("gaj", ["wjj"], ["旅馆"],
                                                                       ["LG-01"])
    assert one.windows == [(date(2026, 4, 1), date(2026, 6, 30))]
    assert (one.mode, one.draw_kind, one.questions) == ("on_site", "untargeted", [])


def test_each_cell_that_is_not_clear_is_one_question():
    assert asked(share="待定") == ["share"]
    assert asked(share="待定", months="", lead="某局") == ["share", "months", "lead"]
    assert asked(participants="") == ["participants"]  # a joint inspection has two (art. 2)
    assert asked(lead="公安、卫健") == ["lead"]
    assert asked(items="LG-03") == ["items"]  # nothing of the lead's own (art. 8)
    assert asked(mode="随便看看") == ["mode"]


def test_twice_a_year_needs_two_times():
    assert asked(share="5%;2次/年") == ["months"]
    assert asked(share="5%;2次/年", months="4月；9月") == []
    assert len(entry(months="4月；9月").windows) == 2


def test_items_of_others_are_not_the_leads():
    one = entry(items="LG-01、LG-03")
    assert (one.items, one.lead_items) == (["LG-01", "LG-03"], ["LG-01"])


@pytest.mark.parametrize(("today", "is_time"), [
    (date(2026, 9, 17), False),  # 11 workdays before 9 October: the week of holidays counts none
    (date(2026, 9, 18), True),   # 10 workdays
    (date(2026, 10, 9), True), (date(2026, 10, 31), True), (date(2026, 11, 1), False),
])
def test_a_scheme_opens_some_workdays_before_its_window_and_until_its_last_day(today, is_time):
    window = (date(2026, 10, 9), date(2026, 10, 31))
    left = settings.calendar().between(date(2026, 9, 18), window[0])
    assert is_time_to_open(window, today, left, settings.calendar()) is is_time


def test_entries_that_would_visit_the_same_kind_in_the_same_days_are_proposed_for_merging():
    one, other = entry(1), entry(2, name="旅馆卫生", months="6月—8月")
    (found,) = propose_merges([one, other, entry(3, targets="影院"), entry(4, months="7月", targets="影院")])
    assert (found.first, found.second, found.kinds) == (one, other, ["旅馆"])
    assert found.window == (date(2026, 6, 1), date(2026, 6, 30))
    assert "6月1日至6月30日" in str(found) and "合并" in str(found)


def test_plans_of_city_and_county_are_compared_too():
    county = understand({"number": 1, "written": WRITTEN}, 2026, KNOWN, "揭西县")
    (found,) = propose_merges([entry(1)], [county])
    assert "揭西县计划第1项" in str(found)


def test_windows_that_only_touch_do_not_meet():
    assert propose_merges([entry(1, months="4月"), entry(2, months="5月")]) == []
    assert propose_merges([entry(1, months="4月"), entry(2, months="4月30日-5月2日")]) != []


def test_a_plans_share_becomes_a_schemes_sampling():
    assert sampling_of(share("60-70家")) == {"mode": "number", "number": 60}
    assert sampling_of(share("10%但不少于10家")) == {
        "mode": "ratio", "by": "risk_class", "at_least": 10,
        "rates": {"A": "10%", "B": "10%", "C": "10%", "D": "10%"}}
    assert sampling_of(share("不低于0.5%"))["rates"]["B"] == "0.5%"


def numbered(*written: dict) -> list[dict]:
    return [{"number": n, "written": one} for n, one in enumerate(written, 1)]


def test_an_entry_keeps_its_number_through_versions():
    first, second, third = ({**WRITTEN, "name": name} for name in ("甲", "乙", "丙"))
    before = numbered(first, second)
    after = renumber([{"written": third}, {"written": {**second, "share": "8%"}}], before)
    assert [(one["number"], one["written"]["name"]) for one in after] == [(2, "乙"), (3, "丙")]
    assert changes(before, after, HEADINGS) == [
        "删去第1项「甲」", "第2项「乙」：抽查比例由「5%」改为「8%」", "新增第3项「丙」"]
    assert changes(before, before, HEADINGS) == []


def test_two_entries_of_one_name_are_told_apart_by_whom_and_what():
    schools, colleges = {**WRITTEN, "targets": "中小学"}, {**WRITTEN, "targets": "高校"}
    before = numbered(schools, colleges)
    after = renumber([{"written": {**colleges, "share": "9%"}}, {"written": schools}], before)
    assert [(one["number"], one["written"]["targets"]) for one in after] == [(1, "中小学"), (2, "高校")]


def test_a_scheme_below_its_plan_is_remarked_on():
    planned = share("5%但不少于10家")
    kept = sampling_of(planned)
    assert shortfall(kept, planned) is None
    assert shortfall(kept | {"rates": {"A": "4.9%", "B": "20%"}}, planned) == (
        "方案的抽查比例或数量低于计划（5%，且不少于10家）")
    assert shortfall(kept | {"at_least": 9}, planned) is not None
    assert "改用家数" in shortfall({"mode": "number", "number": 30}, planned)
    assert shortfall({"mode": "number", "number": 60}, share("60-70家")) is None
    assert shortfall({"mode": "number", "number": 59}, share("60-70家")) is not None
