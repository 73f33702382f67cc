"""Every interleaving of relays, events, workers, sweep and faults: effects once, nothing stuck, all told."""

import re

import pytest

from tests.models.exploring import FAULTS, Wrong, explore
from tests.models.relay_model import LAST, Protections


def test_in_every_order_and_with_every_fault_each_effect_comes_once_and_nothing_is_stuck_after_a_sweep():
    number = explore()
    print(f"{number} states of {LAST} stages with up to {FAULTS} faults")
    assert number > 10_000


def test_the_guard_alone_keeps_effects_once_the_inbox_spares_the_second_run_its_work():
    assert explore(Protections(inbox=False), most=1) > 5_000


@pytest.mark.parametrize(("gone", "said"), [
    ({"guard": False, "inbox": False}, "an effect came twice"),
    ({"guard": False}, "an effect came twice"),
    ({"lease": False}, "an event was sent twice, and nothing had failed"),
    ({"sweep": False}, "it is stuck"),
    ({"outbox_inside": False}, "a move was never told"),
], ids=str)
def test_without_a_protection_the_model_finds_the_way_to_what_it_prevents(gone, said):
    with pytest.raises(Wrong, match=said) as found:
        explore(Protections(**gone))
    assert len(re.findall("→", str(found.value))) >= 3
    print(found.value)
