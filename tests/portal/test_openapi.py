"""The API does what its document says, whatever is sent: no failure of the system, no answer undeclared.

Some hundred calls here; `make calls` makes five thousand of them (CALLS).
"""

import os

from blocks.portal.routes import DEEDS
from tests.portal.calling import called

CALLS = int(os.environ.get("CALLS", "300"))


def test_whatever_is_called_the_answer_is_one_that_the_document_declares(server, open_scene, carry_on):
    found = called(server, CALLS, open_scene, carry_on)
    print(f"{found.statuses.total()} calls of {len(found.operations)} operations: {dict(found.statuses)}")
    assert not found.findings, "\n".join([f"{len(found.findings)} findings:", *found.findings[:20]])
    assert found.statuses.total() >= CALLS * 0.9
    assert len(found.operations) == len([one for one in DEEDS.values() if not one.rule.public])
    assert {200, 403, 404, 422} <= found.statuses.keys()
