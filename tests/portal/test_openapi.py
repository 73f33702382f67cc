"""The API as its own OpenAPI document describes it, called with whatever fits the document and what does not.

A few hundred calls run with the tests; `make calls` makes five thousand (CALLS=…).
"""

import os
from collections import Counter

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from blocks.portal.app import create_app
from blocks.register.database import transaction
from blocks.register.visits import Visit
from tests.portal.roles import everybody
from tests.scenes import first_check, visit_of

CALLS = int(os.environ.get("CALLS", "300"))
AS_DOCUMENTED = (not_a_server_error, status_code_conformance, content_type_conformance,
                 response_schema_conformance)
LAST = "accounts.sign_out_everywhere"  # whoever calls it is out
ROLES = ("office-lead", "drafter-lead", "approver-lead", "auditor-lead", "inspector-lead",
         "drafter-participating", "approver-participating", "drafter-foreign")


def real_ids(code: str) -> dict[str, object]:
    """Return parts of addresses that there are; others are made up."""
    check, _ = first_check(code)
    with transaction() as session:
        notice = session.get_one(Visit, visit_of(check)).notice_code
    return {"code": code, "check_id": check, "visit_id": visit_of(check), "year": 2026, "county": "445200",
            "entry": 1, "login": "gaj.jingban", "notice_id": 1, "key": "draw:1:2", "notice": notice}


def operations() -> list:
    schema = schemathesis.openapi.from_dict(create_app().openapi(), config=SchemathesisConfig())
    found = [one.ok() for one in schema.get_all_operations()]
    return sorted(found, key=lambda one: one.definition.raw["operationId"] == LAST)


class Calling:
    """Calls made, how they were answered, and what should not have been."""

    def __init__(self, base: str, tokens: list[str], ids: dict[str, object]) -> None:
        self.base, self.tokens, self.ids = base, tokens, ids
        self.answered: Counter[int] = Counter()
        self.wrong: dict[str, str] = {}

    def call(self, operation, times: int) -> None:
        """Call an operation with bodies that fit its document and with some that do not."""
        made = st.one_of(operation.as_strategy(generation_mode=mode) for mode in (
            GenerationMode.POSITIVE, GenerationMode.NEGATIVE))

        @seed(7)
        @settings(max_examples=times, database=None, deadline=None, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))
        @given(case=made, token=st.sampled_from(self.tokens), real=st.booleans())
        def one(case, token, real):
            if real:
                case.path_parameters = {name: self.ids.get(name, value)
                                        for name, value in (case.path_parameters or {}).items()}
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
            self.judge(operation, case, case.call(base_url=self.base))

        one()

    def judge(self, operation, case, answer) -> None:
        self.answered[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=AS_DOCUMENTED)
        except FailureGroup as group:
            name = f"{operation.definition.raw['operationId']} {answer.status_code}"
            self.wrong[name] = f"{group.exceptions}\n{case.as_curl_command()}\n{answer.text[:300]}"


def test_no_call_breaks_the_portal_and_every_answer_is_as_documented(open_scene, server):
    code = open_scene("in_field")
    ids, people = real_ids(code), everybody(code)
    calling = Calling(server, [people[name].token for name in ROLES], ids)
    every = operations()
    for operation in every:
        calling.call(operation, max(3, CALLS // len(every) + 1))
    made = sum(calling.answered.values())
    print(f"{made} calls of {len(every)} operations: {dict(sorted(calling.answered.items()))}")
    assert calling.wrong == {}
    assert made >= CALLS // 2
    assert {200, 403, 404, 422} <= set(calling.answered)
