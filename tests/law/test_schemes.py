"""What a scheme must hold, and what may be inspected at all (art. 2, 6, 7, 8, 13)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from blocks.rules.regulation import Regulation
from blocks.rules.schemes import SchemeDraft, check_items, check_scheme

CONFIG = Path(__file__).resolve().parents[2] / "config"
REGULATION = Regulation.in_force(
    yaml.safe_load((CONFIG / "regulation.yaml").read_text("utf-8")), date(2026, 1, 1))
START, END = date(2026, 11, 23), date(2026, 12, 18)
DAY = timedelta(1)
REVEAL, TYPED = {"kind": "reveal"}, {"kind": "typed", "locator": "双色球（封存后第一期）"}


@dataclass(frozen=True)
class Item:
    code: str = "LG-01"
    name: str = "旅馆业治安管理情况检查"
    department_code: str = "gaj"
    legal_basis: str = "《旅馆业治安管理办法》第六条"
    effective_from: date = date(2024, 1, 1)
    effective_to: date | None = None
    published: bool = True
    target_kinds: tuple[str, ...] = ("旅馆",)


GOOD = SchemeDraft(
    name="旅馆业联合抽查", draw_kind="untargeted", lead="gaj", participants=("xfjy", "wjj"),
    grounds="年度计划", scope={"kinds": ["旅馆"]}, sampling={"mode": "ratio"}, window_start=START,
    window_end=END, mode="on_site", lead_items=("LG-01",), randomness=(REVEAL, TYPED))


def wrong(item: Item | None = None, today: date = START, **changes) -> list[str]:
    """Return what is said against the good scheme with some of it changed."""
    found = check_scheme(replace(GOOD, **changes), {"LG-01": item or Item()}, today, REGULATION)
    assert all(w.remedy for w in found)
    return [w.message for w in found]


def test_a_scheme_with_all_six_contents_has_nothing_against_it():
    assert wrong() == []


@pytest.mark.parametrize(("changes", "said"), [
    ({"name": " "}, "没有写明名称（细则第8条）"),
    ({"grounds": ""}, "没有写明开展抽查的依据和缘由（细则第8条）"),
    ({"scope": {}}, "没有写明抽查对象范围（细则第8条）"),
    ({"scope": {"kinds": [], "counties": [], "status": ["存续"]}}, "没有写明抽查对象范围"),
    ({"scope": {"kinds": ["旅馆"], "colour": ["红"]}}, "「colour」看不懂"),
    ({"scope": {"risk_classes": ["E"]}}, "没有信用风险类别「E」"),
    ({"sampling": {}}, "没有写明抽查比例或数量（细则第8条）"),
    ({"window_end": START - DAY}, "早于开始"),
    ({"mode": "by_dream"}, "检查方式「by_dream」看不懂（细则第10条）"),
    ({"draw_kind": "secret"}, "抽查类型「secret」看不懂"),
    ({"participants": ()}, "两个以上部门参加，此方案只有牵头部门（细则第2条）"),
    ({"participants": ("gaj",)}, "两个以上部门参加"),
    ({"participants": ("wjj", "gaj")}, "与牵头部门相同（细则第6条）"),
    ({"participants": ("wjj", "wjj")}, "参与部门有重复"),
    ({"lead_items": ()}, "没有选定检查事项（细则第8条）"),
    ({"lead_items": ("ZZ-99",)}, "「ZZ-99」不在联合抽查事项清单内，清单之外不得检查（细则第13条）"),
    ({"randomness": (REVEAL,)}, "没有任何部门都不能左右的一种（细则第3条）"),
    ({"randomness": (TYPED,)}, "不足以防止预测（细则第3条）"),
    ({"randomness": (REVEAL, {"kind": "typed"})}, "没有写明是哪一个、哪一期"),
    ({"randomness": (REVEAL, TYPED, {"kind": "coin"})}, "随机数来源「coin」看不懂"),
])
def test_each_content_that_lacks_or_is_wrong_is_named(changes, said):
    found = wrong(**changes)
    assert any(said in one for one in found), found


def test_two_departments_are_enough():
    assert wrong(participants=("wjj",)) == []


def test_the_whole_directory_must_be_asked_for_in_so_many_words():
    assert wrong(scope={"all": True}) == []
    assert wrong(scope={"all": False})


def test_everything_wrong_is_said_at_once():
    assert len(wrong(name="", grounds="", scope={}, sampling={}, mode="", participants=(),
                     lead_items=(), randomness=())) == 9


def test_a_window_of_one_day_is_a_window():
    assert wrong(window_start=START, window_end=START) == []


@pytest.mark.parametrize(("today", "is_over"), [(END, False), (END + DAY, True)])
def test_a_window_may_not_be_over(today, is_over):
    assert any("已经结束" in one for one in wrong(today=today)) is is_over


@pytest.mark.parametrize(("item", "said"), [
    (Item(department_code="wjj"), "不属于本部门"),
    (Item(published=False), "尚未公布"),
    (Item(legal_basis="  "), "没有法律法规规章依据"),
    (Item(effective_to=END - DAY), "不在有效期内"),
    (Item(effective_to=START - DAY), "不在有效期内"),
    (Item(effective_from=END + DAY), "不在有效期内"),
    (Item(effective_from=START + DAY), "不在有效期内"),
])
def test_an_item_without_basis_on_every_day_of_the_window_is_not_inspected(item, said):
    found = wrong(item)
    assert len(found) == 1
    assert said in found[0]
    assert "细则第13条" in found[0]


@pytest.mark.parametrize("item", [
    Item(effective_to=END), Item(effective_to=END + DAY), Item(effective_from=START),
    Item(effective_from=START - DAY)])
def test_an_item_with_basis_on_the_first_and_the_last_day_is_inspected(item):
    assert wrong(item) == []


@pytest.mark.parametrize(("on", "lawful"), [
    (date(2026, 6, 30), True), (date(2026, 7, 1), False), (date(2025, 12, 31), False),
    (date(2026, 1, 1), True)])
def test_the_basis_counts_on_its_first_and_its_last_day(on, lawful):
    item = Item(effective_from=date(2026, 1, 1), effective_to=date(2026, 6, 30))
    assert (check_items(["LG-01"], "gaj", {"LG-01": item}, on) == []) is lawful


def test_who_names_an_unknown_item_is_told_which_there_are():
    told = check_items(["??"], "gaj", {"LG-01": Item(), "LG-02": Item("LG-02", "", "xfjy")}, START)
    assert "LG-01" in told[0].remedy
    assert "LG-02" not in told[0].remedy
    none = check_items(["??"], "jyj", {"LG-01": Item()}, START)
    assert "清单中没有" in none[0].remedy


def test_an_item_must_be_for_the_businesses_of_the_scheme():
    def wrong(**scope):
        return [one.message for one in check_scheme(replace(GOOD, scope=scope), {"LG-01": Item()},
                                                    START, REGULATION)]

    assert any("检查对象是旅馆，方案的对象是网吧" in said for said in wrong(kinds=["网吧"]))
    assert wrong(kinds=["网吧", "旅馆"]) == wrong(all=True) == []
