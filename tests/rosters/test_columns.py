"""Headings are matched however an office writes them."""

import pytest

from blocks.rosters.columns import kinds, match, parse_kinds, plain

REAL = "企业名称,统一社会信用代码,注册日期,企业类型,法人代表,注册资金,经营范围,所在省份,地区,注册地址"


def test_the_headings_of_public_registration_data_are_understood():
    found = match(kinds()["targets"], REAL.split(","))
    assert found.headings == {
        "uscc": "统一社会信用代码",
        "name": "企业名称",
        "county_code": "地区",
        "address": "注册地址",
        "kind": "企业类型",
        "legal_representative": "法人代表",
    }
    assert found.ignored == ("注册日期", "注册资金", "经营范围", "所在省份")
    assert not found.missing and not found.doubled


@pytest.mark.parametrize(
    "written",
    ["统一社会信用代码", " 统一 社会信用代码 ", "*统一社会信用代码", "统一社会信用代码（18位）",
     "统一社会\n信用代码(必填)：", "统一社会信用代码【见营业执照（副本）】"],
)
def test_a_heading_is_known_in_spite_of_spaces_brackets_and_full_width_signs(written):
    assert plain(written) == "统一社会信用代码"


def test_the_official_heading_goes_before_a_synonym():
    found = match(kinds()["targets"], ["单位名称", "名称"])
    assert found.columns["name"] == 1 and found.ignored == ("单位名称",)


def test_every_key_and_every_pair_of_dates_names_a_column():
    for kind in kinds().values():
        for names in (*kind.keys, *kind.order):
            assert [kind.field(name) for name in names]


def test_two_columns_may_not_share_a_heading():
    column = {"type": "text", "heading": "名称"}
    fields = [{"name": "a", **column}, {"name": "b", **column}]
    words = {"blank_words": [], "yes_words": [], "no_words": []}
    with pytest.raises(ValueError, match="share the heading"):
        parse_kinds({**words, "kinds": {"k": {"label": "甲", "key": ["a"], "fields": fields}}})


def test_an_unknown_type_of_column_is_refused():
    words = {"blank_words": [], "yes_words": [], "no_words": []}
    fields = [{"name": "a", "heading": "名称", "type": "colour"}]
    with pytest.raises(ValueError, match="unknown type"):
        parse_kinds({**words, "kinds": {"k": {"label": "甲", "key": ["a"], "fields": fields}}})
