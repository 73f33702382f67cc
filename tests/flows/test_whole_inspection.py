"""One whole inspection, step by step, on a real register (the engine's part is test_demo.py)."""

from blocks.register import trail
from blocks.register.database import transaction
from tests.people import publicised, stage


def test_an_inspection_goes_from_draft_to_publicised_results(city, carry_on):
    code = publicised(carry_on)
    assert stage(code) == "publicised"
    with transaction() as session:
        lines, wrong = trail.verify(session)
    assert lines > 100
    assert wrong == []
