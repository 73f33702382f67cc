"""Every process of a real system is killed once under load; `make kills N=200` goes on for hours."""

from tests.faults.kills import WIPED, besieged, carry_on
from tests.faults.world import environment_kept

SECONDS = 60


def test_what_people_were_told_outlives_a_kill_of_every_process(tmp_path):
    tmp_path.chmod(0o755)
    with environment_kept(), besieged(tmp_path, 1, SECONDS) as siege:
        carry_on(siege)
    assert siege.wrong == [], siege.line()
    assert all(siege.killed[one.name] >= 1 for one in siege.system.processes) and siege.killed[WIPED] >= 1, siege.line()
    assert any(sent.told for sent in siege.world.submissions.values()) and siege.calls, siege.line()
