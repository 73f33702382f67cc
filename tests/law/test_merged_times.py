"""Times of merged visits and of people on leave (art. 14; G15)."""

from datetime import date

import pytest

from blocks.rules.scheduling import Appointment, fix_times

MON, TUE, WED = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)
SLOTS = [(day, half) for day in (MON, TUE) for half in ("am", "pm")]


def test_a_merged_visit_takes_the_other_ones_time_and_the_rest_goes_round_it():
    fixed = fix_times({1: "甲乙", 2: "甲丙"}, SLOTS[:2], set(), along={
        2: Appointment((MON, "am"), ("甲", "丙"))})
    assert fixed == {2: (MON, "am"), 1: (MON, "pm")}


def test_who_is_there_already_need_not_be_free():
    taken = {("甲", MON, "am"), ("乙", MON, "am")}
    along = {1: Appointment((MON, "am"), ("丙",))}
    assert fix_times({1: "甲乙丙"}, SLOTS, taken, along=along) == {1: (MON, "am")}


@pytest.mark.parametrize("slot", [(WED, "am"), (date(2026, 11, 20), "pm")])
def test_a_time_outside_of_the_window_is_not_taken(slot):
    fixed = fix_times({1: "甲"}, SLOTS, set(), along={1: Appointment(slot, ("甲",))})
    assert fixed[1] in SLOTS


def test_where_somebody_is_bound_then_the_visit_gets_a_time_of_its_own():
    along = {1: Appointment((MON, "am"), ("甲",)), 2: Appointment((MON, "am"), ("甲",))}
    fixed = fix_times({1: "甲", 2: "甲"}, SLOTS, set(), along=along)
    assert fixed[1] == (MON, "am") and fixed[2] != (MON, "am")
    bound = {("甲", MON, "am")}
    assert fix_times({1: "甲"}, SLOTS, bound, along=along)[1] != (MON, "am")


def test_nobody_is_sent_on_a_day_of_leave():
    fixed = fix_times({1: "甲乙", 2: "乙丙"}, SLOTS, set(), away={"甲": {MON}, "丙": {TUE}})
    assert fixed[1][0] == TUE and fixed[2][0] == MON
    assert fix_times({1: "甲"}, SLOTS, set(), away={"甲": {MON, TUE}}) == {}
    along = {1: Appointment((MON, "pm"), ("甲",))}
    assert fix_times({1: "甲"}, SLOTS, set(), away={"甲": {MON}}, along=along)[1][0] == TUE
