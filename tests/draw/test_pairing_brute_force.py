"""A thousand small pairings against every lawful one; another thousand in the file beside it."""

from tests.draw.pairing_cases import check_many_small_cases


def test_the_pairing_is_the_cheapest_of_all_lawful_ones_and_a_shortage_is_a_true_one():
    check_many_small_cases(0, 1000)
