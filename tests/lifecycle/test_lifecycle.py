"""Anybody tries anything: only what the table of moves permits is done, and every invariant holds after it.

`make lifecycle` runs hundreds of these; here a few, always the same.
"""

import os
from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.lifecycle.machine import Lifecycle

EXAMPLES, STEPS = int(os.environ.get("EXAMPLES", "6")), int(os.environ.get("STEPS", "30"))


def test_nobody_gets_past_the_table_of_moves_and_everything_holds_whatever_is_tried(scenes, carry_on):
    class Here(Lifecycle):
        done, refused = Counter(), Counter()
        open_scene = staticmethod(lambda name: scenes.open(name, carry_on))
        carry_all = staticmethod(carry_on)

    phases = (Phase.generate, Phase.shrink) if EXAMPLES > 6 else (Phase.generate,)
    run_state_machine_as_test(seed(int(os.environ.get("SEED", "1")))(Here), settings=settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None, phases=phases,
        suppress_health_check=list(HealthCheck)))
    for said, tally in (("done", Here.done), ("refused", Here.refused)):
        print(f"{said} {tally.total()} times: {dict(tally)}")
    assert Here.done.total() >= EXAMPLES // 2
    assert Here.refused.total() >= EXAMPLES
