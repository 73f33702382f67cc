"""Calls made of the OpenAPI document by schemathesis, each deed in a scene where it can be done.

Most calls name things that are there and come from somebody who may, for else every answer would be
404 or 403; the bodies are the document's own, right and wrong, and now and then the case's real one.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from blocks.portal.api import PREFIX
from blocks.portal.routes import DEEDS
from tests.portal.cases import CASES, Case, Ground
from tests.portal.roles import everybody

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance,
          response_headers_conformance, response_schema_conformance]
IN_SCENE, MAY, REAL = 0.8, 0.6, 0.3  # how often: things that are there, somebody who may, a real body


@dataclass
class Campaign:
    """What was called and what came of it; `findings` says what must not be."""

    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    findings: list[str] = field(default_factory=list)

    def call(self, case, base: str, token: str) -> None:
        """Make a call and hold the answer against the document."""
        case.headers.pop("Authorization", None)
        try:
            answer = case.call(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        except requests.exceptions.InvalidHeader:  # nothing that can be sent
            return
        self.statuses[answer.status_code] += 1
        self.operations.add(case.operation.label)
        try:
            case.validate_response(answer, checks=CHECKS)
        except (Failure, FailureGroup) as error:
            self.findings.append(f"{case.operation.label}: {_reasons(error)}: {answer.status_code} "
                                 f"{answer.text[:300]} to {str(case.body)[:300]}")


def _reasons(error: Failure | FailureGroup) -> str:
    several = error.exceptions if isinstance(error, FailureGroup) else [error]
    return "; ".join(one.title for one in several)


def called(server: str, calls: int, open_scene: Callable[[str], str],
           carry_on: Callable[[], list[str]], number: int = 1) -> Campaign:
    """Call every operation of the server's document in turn; the same number makes the same calls."""
    schema = schemathesis.openapi.from_url(f"{server}/api/openapi.json")
    found = Campaign()
    operations = sorted((one.ok() for one in schema.get_all_operations()), key=lambda one: _scene(one)[0])
    for (scene, prepare), same in groupby(operations, _scene):
        ground = Ground(open_scene(scene), carry_on)
        prepare(ground)
        here = everybody(ground.code)
        for operation in same:
            _case(operation).furnish(ground)
            _try(operation, ground, here, found, server, -(-calls // len(operations)), number)
    return found


def _case(operation) -> Case:
    return CASES[operation.path.removeprefix(PREFIX)]


def _scene(operation) -> tuple:
    return _case(operation).scene, _case(operation).prepare


def _try(operation, ground: Ground, here: dict, found: Campaign, server: str, calls: int,
         number: int) -> None:
    known, rule = _case(operation), DEEDS[operation.path.removeprefix(PREFIX)].rule
    params = known.params(ground)
    may = [who for who in here.values() if who.role and known.may(who, rule.roles)]
    real = {who.name: (known.json or known.form)(ground, who) for who in may}
    cases = st.one_of(operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
                      operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    chance = st.floats(0, 1)

    @seed(number)
    @settings(max_examples=calls, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(case=cases, may_=st.sampled_from(may), anybody=st.sampled_from(list(here.values())),
           there=chance, allowed=chance, genuine=chance)
    def call(case, may_, anybody, there, allowed, genuine) -> None:
        if there < IN_SCENE:
            case.path_parameters = {name: str(value) for name, value in params.items()}
        who = may_ if allowed < MAY else anybody
        if genuine < REAL and operation.body and who.name in real:
            case.body = real[who.name]
            case.media_type = "application/json"
        found.call(case, server, who.token)

    call()
