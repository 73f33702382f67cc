"""Which sources a seal may name, which values they may have, and what is left when one is missing."""

from dataclasses import asdict, replace

import pytest

from blocks.draw.beacon import DEFAULT, QUICKNET
from blocks.draw.hashing import canonical_json
from blocks.draw.randomness import (
    Source,
    check_sources,
    check_value,
    commitment,
    enough,
    instant,
    parse_source,
)
from blocks.draw.seed import seed_text
from blocks.errors import DrawError

SEALED, DUE = "2026-11-23T02:00:00Z", "2026-11-23T02:00:03Z"
SECRET = "5a" * 32
ROUND = "quicknet/34198613"  # made at DUE; the one before it at the very moment of the seal


def reveal(code="sfj"):
    return Source("reveal", code, DUE, commitment("sm3", code, SECRET))


def test_a_source_due_at_the_moment_of_the_seal_is_refused_and_a_second_later_is_not():
    throws = Source("dice", "现场/32", "2026-11-23T02:00:01Z")
    assert check_sources([throws], SEALED) == 64
    with pytest.raises(DrawError, match="封存之前或同时"):
        check_sources([replace(throws, due_at=SEALED)], SEALED)


def test_a_round_made_before_or_at_the_seal_is_refused_whenever_it_is_said_to_be_due():
    for number in (1, 34198611, 34198612):
        with pytest.raises(DrawError, match="不在封存之后") as refused:
            check_sources([Source("drand", f"quicknet/{number}", "2026-11-30T02:00:00Z")], SEALED)
        assert "第 34198613 轮" in refused.value.remedy
    assert check_sources([Source("drand", ROUND, DUE)], SEALED) == 256
    assert check_sources([Source("drand", "default/6665607", "2026-11-23T02:00:30Z")], SEALED)
    with pytest.raises(DrawError, match="不在封存之后"):
        check_sources([Source("drand", "default/6665606", "2026-11-23T02:00:30Z")], SEALED)


def test_a_round_cannot_be_due_before_it_is_made_and_may_be_due_later():
    assert check_sources([Source("drand", ROUND, "2026-11-23T02:00:04Z")], SEALED)
    with pytest.raises(DrawError, match="才产生") as refused:
        check_sources([Source("drand", ROUND, "2026-11-23T02:00:02Z")], SEALED)
    assert DUE in refused.value.remedy


def test_one_round_under_two_names_is_one_source():
    twice = [Source("drand", f"{name}/34198613", DUE) for name in ("quicknet", QUICKNET.hash)]
    with pytest.raises(DrawError, match="列了两次"):
        check_sources(twice, SEALED)
    later = "2026-11-23T02:00:30Z"
    both = [Source("drand", ROUND, later), Source("drand", f"{DEFAULT.hash}/6665607", later)]
    assert check_sources(both, SEALED) == 512


@pytest.mark.parametrize(
    "sources",
    [
        [],
        [Source("weather", "x", DUE)],
        [Source("drand", "quicknet", DUE)],
        [Source("drand", "Quicknet/34198613", DUE)],
        [Source("drand", "quicknet/999999999999999", DUE)],
        [Source("reveal", "sfj", DUE)],
        [Source("reveal", "sfj", DUE, "AB")],
        [Source("drand", ROUND, DUE, "ab" * 32)],
        [Source("drand", "quick=net/9", DUE)],
        [Source("drand", "quick\nnet/9", DUE)],
        [Source("drand", ROUND, "2026-11-24")],
        [Source("drand", ROUND, "2026-1-24T02:00:00Z")],
        [Source("drand", ROUND, DUE), Source("drand", ROUND, DUE)],
        [Source("typed", "沪指", DUE)],
        [Source("typed", "彩票/63", DUE)],
        [Source("dice", "现场/31", DUE)],
    ],
)
def test_sources_that_will_not_do_are_refused(sources):
    with pytest.raises(DrawError) as refused:
        check_sources(sources, SEALED)
    assert refused.value.remedy


def test_enough_bits_are_64_and_a_source_without_a_length_counts_nothing():
    assert check_sources([Source("typed", "彩票/64", DUE)], SEALED) == 64
    assert check_sources([Source("dice", "现场/32", DUE)], SEALED) == 64
    assert check_sources([reveal(), Source("typed", "沪指", DUE)], SEALED) == 256


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (reveal(), SECRET),
        (Source("drand", ROUND, DUE), "ab" * 32),
        (Source("typed", "沪指", DUE), "3,871.24"),
        (Source("typed", "彩票/4", DUE), "01,02"),
        (Source("dice", "现场/3", DUE), "166"),
    ],
)
def test_a_good_value_is_returned_as_it_is(source, value):
    assert check_value(source.kind, value, source, "sm3") == value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (reveal(), "5b" * 32),
        (reveal(), "missing"),
        (reveal(), SECRET.upper()),
        (Source("drand", ROUND, DUE), "ab" * 31),
        (Source("typed", "沪指", DUE), "三千"),
        (Source("typed", "沪指", DUE), "１２"),
        (Source("typed", "沪指", DUE), ".,-"),
        (Source("typed", "沪指", DUE), "1\n2"),
        (Source("typed", "彩票/4", DUE), "01,023"),
        (Source("dice", "现场", DUE), "167"),
        (Source("dice", "现场/3", DUE), "16"),
    ],
)
def test_a_wrong_value_is_refused_with_what_to_do(source, value):
    with pytest.raises(DrawError) as refused:
        check_value(source.kind, value, source, "sm3")
    assert refused.value.remedy


def test_a_value_for_another_kind_is_refused():
    with pytest.raises(DrawError):
        check_value("dice", "1", Source("typed", "沪指", DUE), "sm3")


def test_a_commitment_binds_the_department_too():
    assert commitment("sm3", "a", SECRET) != commitment("sm3", "b", SECRET)


def test_a_time_that_does_not_exist_is_refused():
    with pytest.raises(DrawError):
        instant("2026-02-30T00:00:00Z")


DRAND, TYPED = Source("drand", ROUND, DUE), Source("typed", "沪指", DUE)


@pytest.mark.parametrize(
    ("sources", "values"),
    [
        ([reveal("a"), reveal("b")], [SECRET, None]),
        ([reveal("a"), DRAND], [None, "ab" * 32]),
        ([reveal("a"), DRAND, TYPED], [SECRET, None, "3,871.24"]),
        ([DRAND, Source("dice", "现场/32", DUE)], [None, "1" * 32]),
    ],
)
def test_what_is_missing_falls_to_the_other_sources(sources, values):
    enough(sources, values)


@pytest.mark.parametrize(
    ("sources", "values", "why"),
    [
        ([reveal("a"), reveal("b")], [None, None], "只有 0 位"),
        ([reveal("a"), TYPED], [None, "3,871.24"], "只有 0 位"),
        ([DRAND, Source("dice", "现场/31", DUE)], [None, "1" * 31], "只有 62 位"),
        ([DRAND, Source("typed", "彩票/63", DUE)], [None, "1" * 63], "只有 63 位"),
        ([reveal("a"), DRAND], [SECRET, None], "部门不能左右的一个也没有取得"),
    ],
)
def test_a_draw_whose_sources_failed_it_can_only_be_voided(sources, values, why):
    with pytest.raises(DrawError, match=why) as refused:
        enough(sources, values)
    assert "作废" in refused.value.remedy


def seed_of(sources, values):
    """The seed under a seal of which only the sources matter."""
    named = [{k: v for k, v in asdict(one).items() if v is not None} for one in sources]
    seal = canonical_json({"version": "SJD-1", "hash": "sm3", "randomness": named})
    return seed_text(seal, values).decode().splitlines()[3:]


def test_a_round_out_of_reach_and_a_withheld_secret_stand_in_the_seed_as_missing():
    sources = [DRAND, reveal("a"), reveal("b"), TYPED]
    assert seed_of(sources, [None, SECRET, None, "3,871.24"]) == [
        f"drand:{ROUND}=missing", f"reveal:a={SECRET}", "reveal:b=missing", "typed:沪指=3,871.24",
    ]  # fmt: skip


@pytest.mark.parametrize("late", [TYPED, Source("dice", "现场/32", DUE)])
def test_figures_and_dice_are_waited_for_and_never_missing(late):
    with pytest.raises(DrawError, match="还没有值") as refused:
        seed_of([DRAND, late], ["ab" * 32, None])
    assert "作废" in refused.value.remedy


def test_no_seed_is_made_of_what_is_not_enough():
    with pytest.raises(DrawError, match="部门不能左右"):
        seed_of([reveal("a"), DRAND], [SECRET, None])


@pytest.mark.parametrize(
    ("text", "source", "value"),
    [
        (f"drand:{ROUND}={SECRET}", Source("drand", ROUND, ""), SECRET),
        (f"drand:{ROUND}=missing", Source("drand", ROUND, ""), None),
        (f"reveal:gaj={SECRET}", Source("reveal", "gaj", ""), SECRET),
        ("reveal:gaj=missing", Source("reveal", "gaj", ""), None),
        ("typed:双色球 2026134 期=03,11-09", Source("typed", "双色球 2026134 期", ""), "03,11-09"),
        ("typed:12:30 指数/4=38.71", Source("typed", "12:30 指数/4", ""), "38.71"),
        ("dice:现场/4=1664", Source("dice", "现场/4", ""), "1664"),
    ],
)
def test_a_source_is_read_as_a_line_of_the_seed(text, source, value):
    assert parse_source(text) == (source, value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "写法不对"),
        ("dice", "写法不对"),
        ("dice:现场/4", "写法不对"),
        ("dice：现场/4＝1664", "写法不对"),
        ("=dice:现场/4", "写法不对"),
        (":现场/4=1664", "写法不对"),
        ("dice:=1664", "写法不对"),
        ("weather:揭阳=1", "不认识"),
        (" dice:现场/4=1664", "不认识"),
        ("dice: 现场/4=1664", "不可用"),
        ("dice:现\n场/4=1664", "不可用"),
        ("dice:现场/4=1667", "的值"),
        ("dice:现场/4=", "的值"),
        ("dice:现场/4=1664\n", "的值"),
        ("dice:现场/4=missing", "的值"),
        ("typed:沪指=missing", "的值"),
        ("dice:现场/4=166", "应有 4 位数字"),
        (f"reveal:gaj={SECRET[:-1]}", "的值"),
        (f"drand:{ROUND}={SECRET.upper()}", "的值"),
        (f"drand:quicknet={SECRET}", "drand 来源"),
        (f"drand:mainnet/7={SECRET}", "不认识的 drand 链"),
        ("drand:quicknet/999999999999999=missing", "没有第"),
    ],
)
def test_a_source_written_wrongly_is_refused_with_what_to_do(text, why):
    with pytest.raises(DrawError, match=why) as refused:
        parse_source(text)
    assert refused.value.remedy
