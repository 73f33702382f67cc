"""Result categories and follow-ups (art. 10)."""

import copy
from pathlib import Path

import pytest
import yaml

from blocks.errors import InspectionError, RuleViolation
from blocks.rules.results import Results

FILE = Path(__file__).resolve().parents[2] / "config" / "results.yaml"
DATA = yaml.safe_load(FILE.read_text("utf-8"))
RESULTS = Results.from_data(DATA)


def test_categories_of_the_national_publicity_system():
    assert list(RESULTS.categories) == [
        "no_problem", "problem_pending", "problem_rectified", "not_disclosed", "false_disclosure",
        "unreachable", "not_cooperating", "not_operating_this_item", "deregistered",
        "licence_revoked", "registration_cancelled", "moved_out", "closed_or_liquidating"]
    assert RESULTS.category("no_problem").label == "未发现问题"
    assert len({category.label for category in RESULTS.categories.values()}) == 13


def test_nothing_found_needs_neither_words_nor_follow_up():
    nothing = RESULTS.category("no_problem")
    assert not nothing.needs_follow_up
    assert not nothing.needs_description


def test_what_needs_follow_up_also_needs_a_description():
    needing = [c for c in RESULTS.categories.values() if c.needs_follow_up]
    assert "problem_pending" in {c.code for c in needing}
    assert "problem_rectified" not in {c.code for c in needing}
    assert all(c.needs_description for c in needing)


def test_unknown_category_lists_what_is_allowed():
    with pytest.raises(RuleViolation) as raised:
        RESULTS.category("正常")
    assert "没有「正常」这种检查结果" in str(raised.value)
    assert "no_problem（未发现问题）" in raised.value.remedy
    assert "closed_or_liquidating（停业或清算）" in raised.value.remedy


def test_follow_ups_stay_open_unless_none_is_needed():
    open_ones = {f.code for f in RESULTS.follow_ups.values() if f.stays_open}
    assert open_ones == set(RESULTS.follow_ups) - {"none_needed"}
    with pytest.raises(RuleViolation, match="后续处置"):
        RESULTS.follow_up("罚款")


@pytest.mark.parametrize("spoil", [
    lambda d: d.pop("follow_ups"), lambda d: d.update(more=[]),
    lambda d: d["categories"].append(d["categories"][0]), lambda d: d.update(categories=[]),
    lambda d: d["categories"][0].pop("label"), lambda d: d["categories"][0].update(label=""),
    lambda d: d["categories"][0].update(follow_up="no"),
    lambda d: d["follow_ups"][0].update(colour="red"), lambda d: d["categories"].append("x"),
])
def test_faulty_file_is_refused(spoil):
    data = copy.deepcopy(DATA)
    spoil(data)
    with pytest.raises(InspectionError, match="检查结果分类有误"):
        Results.from_data(data)
