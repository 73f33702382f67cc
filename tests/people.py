"""What the people of the sample city do in tests, scene by scene."""

import time
from typing import Any

from blocks import settings
from blocks.actions import assignments, checks, draws, schemes
from blocks.register import standing
from blocks.register.database import transaction
from flows.cli.people import read_yaml

LEAD, PARTICIPANTS = "gaj", ("wjj", "xfjy")
FIGURE = "03,11,17,22,28,31-09"


def contents(**changes: Any) -> dict[str, Any]:
    """Return the sample scheme's contents with some of them changed."""
    return read_yaml(settings.CONFIG / "sample" / "scheme.yaml") | changes


def drafted(**changes: Any) -> str:
    return schemes.new(f"{LEAD}.jingban", contents(**changes)).ids["scheme"]


def approved(carry_on, **changes: Any) -> str:
    code = drafted(**changes)
    schemes.submit(f"{LEAD}.jingban", code)
    carry_on()
    schemes.approve(f"{LEAD}.shenpi", code)
    carry_on()
    return code


def dispatched(carry_on, **changes: Any) -> str:
    """A scheme through the whole draw: commitments, seal, reveals, figure, result, dispatch."""
    code = approved(carry_on, **changes)
    secrets = {d: draws.commit(f"{d}.jingban", code).ids["secret"]
               for d in (LEAD, *PARTICIPANTS)}
    carry_on()
    wait_for_the_figure()
    for department, secret in secrets.items():
        draws.reveal(f"{department}.jingban", code, secret)
    for login in ("bangong", f"{LEAD}.jingban"):
        draws.type_figure(login, code, FIGURE)
    carry_on()
    return code


def wait_for_the_figure() -> None:
    """The public figure falls due a second after the seal, as the seal writes whole seconds."""
    time.sleep(1.1)


def in_field(carry_on, **changes: Any) -> str:
    code = dispatched(carry_on, **changes)
    for department in PARTICIPANTS:
        assignments.accept(f"{department}.jingban", code)
    carry_on()
    return code


def teams(code: str, department: str = LEAD) -> list[tuple[int, list[str]]]:
    with transaction() as session:
        return standing.teams(session, code, department)


def stage(code: str) -> str:
    with transaction() as session:
        return standing.stage(session, code)


def inspected(check: int, people: list[str], category: str = "no_problem",
              finding: str = "") -> None:
    checks.record(people[0], check, category, {"*": "是"}, finding)
    checks.confirm(people[1], check)


def publicised(carry_on, **changes: Any) -> str:
    code = in_field(carry_on, **changes)
    for department in (LEAD, *PARTICIPANTS):
        for check, people in teams(code, department):
            inspected(check, people)
            checks.review(f"{department}.shenpi", check)
    carry_on()
    return code
