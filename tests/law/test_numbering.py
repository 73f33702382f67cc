"""What an administrator may type for the number of a scheme, and what is refused."""

import pytest

from blocks.errors import InspectionError
from blocks.rules.numbering import read, say

PREFIX = "揭双随机"


@pytest.mark.parametrize("typed", [
    "揭双随机〔2026〕3号", "揭双随机[2026]3号", "揭双随机(2026)3号", "揭双随机【2026】3号", "揭双随机（２０２６）３号",
    "揭双随机［2026］第3号", " 揭双随机 〔2026〕 3 号 ", "〔2026〕3号", "揭双随机〔2026〕003", "2026-003", "2026-3",
    "２０２６－００３"])
def test_a_scheme_is_known_by_its_number_however_its_brackets_and_digits_are_typed(typed):
    assert read(typed, PREFIX) == "2026-003"


def test_the_id_that_an_event_names_is_left_as_it_is():
    assert (read("3", PREFIX), read("０17", PREFIX)) == ("3", "17")


@pytest.mark.parametrize("code", ["2026-001", "2026-099", "2027-1234"])
def test_the_readable_number_is_read_back(code):
    assert read(say(code, PREFIX), PREFIX) == code


@pytest.mark.parametrize("typed", ["", "宾馆旅店联合抽查", "揭双随机〔2026〕号", "揭双随机〔26〕3号", "2026-", "1" * 12,
                                   "揭双随机〔2026〕3号'; DROP TABLE schemes", "揭双随机2026年3号"])
def test_what_is_no_number_is_refused_with_how_to_write_it(typed):
    with pytest.raises(InspectionError, match="不是方案编号，什么都没有改动") as told:
        read(typed, PREFIX)
    assert "请写成 揭双随机〔2026〕3号 或 2026-003" in told.value.remedy


def test_another_citys_number_is_refused():
    with pytest.raises(InspectionError, match="不是本市的方案编号"):
        read("汕双随机〔2026〕3号", PREFIX)
