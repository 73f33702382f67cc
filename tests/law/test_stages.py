"""The table of moves as a contract: what may be done, by whom, and what may not (art. 4, 6)."""

from itertools import product
from pathlib import Path

import pytest

from blocks.errors import RuleViolation, StageError
from blocks.rules import stages
from blocks.rules.deadlines import CLOCKS
from blocks.rules.stages import FIRST_STAGE, KINDS, MOVES, Actor, Move, Role, find, permit

ROOT = Path(__file__).resolve().parents[2]
OWN, OTHER = 7, 8
PEOPLE = {"office": Role.OFFICE, "drafter": Role.DRAFTER, "approver": Role.APPROVER,
          "inspector": Role.INSPECTOR, "auditor": Role.AUDITOR, "business": Role.BUSINESS,
          "system": Role.SYSTEM}
LAWFUL = {(m.thing, m.source, m.target) for m in MOVES}
ILLEGAL = [(thing, source, target) for thing, kind in KINDS.items()
           for source, target in product((None, *kind.stages), kind.stages)
           if (thing, source, target) not in LAWFUL]

# thing: from → to: who (D drafter, A approver, I inspector, O office, B business, S system), as in
# shared/design/lifecycle.md; written out by hand so that the table is held to something.
CONTRACT = """
scheme: – → drafted: D O S
scheme: drafted → drafted: D
scheme: drafted → submitted: D
scheme: submitted → drafted: A
scheme: submitted → approved: A
scheme: approved → drawn: S
scheme: drawn → dispatched: S
scheme: dispatched → staffed: S
scheme: staffed → in_field: S
scheme: in_field → concluded: S
scheme: concluded → publicised: S
scheme: drafted → cancelled: O
scheme: submitted → cancelled: O
scheme: approved → cancelled: O
scheme: drawn → drawn: O
scheme: dispatched → dispatched: O
scheme: staffed → staffed: O
scheme: in_field → in_field: O
scheme: drawn → cancelled: O
scheme: dispatched → cancelled: O
scheme: staffed → cancelled: O
scheme: in_field → cancelled: O
plan: – → drafted: D O
plan: drafted → drafted: D O
plan: drafted → published: O
plan: published → changed: O
draw: – → announced: S
draw: announced → announced: D A
draw: announced → sealed: S
draw: sealed → sealed: D A O S
draw: sealed → drawn: S
draw: drawn → drawn: O
draw: sealed → void: O A
draw: drawn → void: O A
assignment: – → sent: S
assignment: sent → accepted: D A
assignment: sent → sent_back: A
assignment: sent_back → sent: O
assignment: sent_back → withdrawn: O
assignment: accepted → accepted: S
assignment: accepted → staffed: S
recusal: – → claimed: I D B
recusal: claimed → granted: A
recusal: claimed → refused: A
recusal: refused → reconsidered: I D B
recusal: reconsidered → granted: A
recusal: reconsidered → refused: A
absence: – → reported: I D
absence: reported → confirmed: A
absence: reported → refused: A
visit: – → planned: S
visit: planned → planned: S I
visit: planned → replaced: A D
visit: planned → done: S I
check: – → planned: S
check: planned → planned: S I
check: planned → recorded: I
check: recorded → planned: D A
check: recorded → reviewed: D A
check: reviewed → public: S
check: public → public: I D A O
check: public → corrected: D A
check: corrected → public: S
check: public → withdrawn: O A
check: withdrawn → withdrawn: I D A S
check: withdrawn → corrected: D A
check: reviewed → reviewed: O A
check: reviewed → withheld: O A
check: corrected → corrected: O A
check: corrected → withheld: O A
check: withheld → withheld: S
check: withheld → reviewed: O A
follow_up: – → open: I D A
follow_up: open → open: A
follow_up: open → closed: I D A
objection: – → filed: B
objection: filed → upheld: A
objection: filed → dismissed: A
evaluation: – → given: B
letter: – → issued: O S
letter: issued → answered: D A
holiday_notice: – → issued: O
holiday_notice: issued → replaced: O
recount: – → counted: O S
exchange: – → prepared: S
exchange: prepared → sent: S
exchange: sent → prepared: S O
exchange: sent → acknowledged: S O
exchange: sent → refused: S O
exchange: sent → unknown: S
exchange: unknown → prepared: S O
exchange: unknown → acknowledged: S O
exchange: unknown → refused: S O
exchange: refused → prepared: O
exchange: refused → acknowledged: S O
exchange: acknowledged → prepared: O
difference: – → found: S O
difference: found → found: S O
difference: found → resent: O
difference: found → accepted: O
difference: found → gone: S O
appraisal: – → frozen: O S
appraisal: frozen → frozen: D A
appraisal: frozen → appealed: A
appraisal: appealed → frozen: O
appraisal: appealed → replaced: O
"""
LETTERS = {"D": Role.DRAFTER, "A": Role.APPROVER, "I": Role.INSPECTOR, "O": Role.OFFICE,
           "B": Role.BUSINESS, "S": Role.SYSTEM}


def written_down() -> dict[tuple[str, str | None, str], set[Role]]:
    contract = {}
    for line in CONTRACT.strip().splitlines():
        thing, arrow, who = line.split(": ")
        source, target = arrow.split(" → ")
        contract[thing, None if source == "–" else source, target] = {
            LETTERS[letter] for letter in who.split()}
    return contract


def somebody(*roles: Role, id: int = 1, department: int | None = OWN) -> Actor:
    return Actor(id, "gaj.x", "样例·某", department, frozenset(roles))


def name_of(move: Move) -> str:
    return f"{move.thing}:{move.source}→{move.target}:{move.label}"


def allowed(move: Move) -> Actor:
    return somebody(sorted(move.by)[0])


def others(move: Move) -> dict[str, int]:
    return dict.fromkeys(move.other_than, 99)


def test_table_has_exactly_the_moves_and_roles_that_were_agreed():
    table: dict[tuple[str, str | None, str], set[Role]] = {}
    for move in MOVES:
        table.setdefault((move.thing, move.source, move.target), set()).update(move.by)
    assert table == written_down()


@pytest.mark.parametrize(("thing", "source", "target"), ILLEGAL)
def test_every_other_move_is_refused_and_says_what_can_be_done(thing, source, target):
    with pytest.raises(StageError) as refused:
        find(thing, source, target)
    kind = KINDS[thing]
    assert kind.label in refused.value.message
    assert (kind.stages[source] if source else "尚未建立") in refused.value.message
    assert kind.stages[target] in refused.value.message
    onward = {m.label for m in MOVES if (m.thing, m.source) == (thing, source)}
    assert all(label in refused.value.remedy for label in onward)
    assert onward or "已办结" in refused.value.remedy


def test_a_verb_that_is_not_of_this_stage_is_refused_though_the_stages_fit():
    with pytest.raises(StageError, match="不能「退回更正」"):
        find("check", "planned", "planned", "退回更正")


def test_moves_between_the_same_stages_differ_in_their_verb():
    named = [(m.thing, m.source, m.target, m.label) for m in MOVES]
    assert len(set(named)) == len(named)
    assert all(find(*name) is move for name, move in zip(named, MOVES, strict=True))


@pytest.mark.parametrize("move", MOVES, ids=name_of)
def test_only_the_roles_of_a_move_may_make_it(move):
    for role in PEOPLE.values():
        actor = somebody(role)
        if role in move.by:
            permit(move, actor, owner_department_id=OWN, facts=others(move), reason="有理由")
        else:
            with pytest.raises(RuleViolation, match="第6条") as refused:
                permit(move, actor, owner_department_id=OWN, facts=others(move), reason="有理由")
            assert move.label in refused.value.message


@pytest.mark.parametrize("move", MOVES, ids=name_of)
def test_nobody_without_a_role_and_no_auditor_may_make_any_move(move):
    for actor in (somebody(), somebody(Role.AUDITOR)):
        with pytest.raises(RuleViolation):
            permit(move, actor, owner_department_id=OWN, facts=others(move), reason="有理由")


@pytest.mark.parametrize(("move", "column"), [(m, c) for m in MOVES for c in m.other_than])
def test_four_eyes_hold_for_each_column(move, column):
    actor = allowed(move)
    with pytest.raises(RuleViolation, match="第4条"):
        permit(move, actor, owner_department_id=OWN, facts={**others(move), column: actor.id},
               reason="有理由")


def test_what_must_be_seen_by_four_eyes_is_so_in_the_table():
    eyes = {(m.thing, m.source, m.target): set(m.other_than) for m in MOVES if m.other_than}
    both = {"recorded_by_id", "confirmed_by_id"}
    assert eyes["scheme", "submitted", "approved"] == {"drafter_id"}
    assert eyes["scheme", "drawn", "cancelled"] == {"cancel_asked_by_id"}
    assert eyes["draw", "sealed", "void"] == eyes["draw", "drawn", "void"] == {"void_asked_by_id"}
    assert eyes["recusal", "claimed", "granted"] == {"claimed_by_id", "concerned_id"}
    assert eyes["recusal", "reconsidered", "refused"] == {
        "claimed_by_id", "concerned_id", "decided_by_id"}
    assert eyes["absence", "reported", "confirmed"] == {"reported_by_id", "concerned_id"}
    assert eyes["visit", "planned", "replaced"] == {"replacement_asked_by_id"}
    assert eyes["check", "planned", "recorded"] == {"recorded_by_id"}
    assert eyes["check", "recorded", "reviewed"] == eyes["check", "public", "corrected"] == both
    assert eyes["check", "withdrawn", "corrected"] == both
    assert eyes["check", "reviewed", "withheld"] == eyes["check", "corrected", "withheld"] == {
        "withholding_asked_by_id"} == eyes["check", "public", "withdrawn"]


@pytest.mark.parametrize("move", [m for m in MOVES if m.needs_reason], ids=name_of)
def test_a_move_that_needs_a_reason_is_refused_without(move):
    for reason in ("", " 　\n"):
        with pytest.raises(RuleViolation, match="须写明理由"):
            permit(move, allowed(move), owner_department_id=OWN, facts=others(move), reason=reason)


def test_whatever_sends_back_refuses_cancels_or_takes_down_needs_a_reason():
    must = [m for m in MOVES if (m.source != m.target and m.target in (
        "cancelled", "void", "sent_back", "withdrawn", "granted", "refused", "replaced"))
        or m.label.startswith(("退回", "申请"))]
    assert not [name_of(m) for m in must if not m.needs_reason]


@pytest.mark.parametrize("move", MOVES, ids=name_of)
def test_another_department_is_refused_unless_the_move_is_open_to_all(move):
    if move.by == {Role.SYSTEM}:
        permit(move, somebody(Role.SYSTEM, department=None), owner_department_id=OWN, facts={},
               reason="有理由")
        return
    if move.by == {Role.BUSINESS}:
        permit(move, somebody(Role.BUSINESS, department=None), owner_department_id=OWN, facts={},
               reason="有理由")
        return
    actor = somebody(*(move.by - {Role.SYSTEM, Role.BUSINESS}), department=OTHER)
    if move.anywhere:
        permit(move, actor, owner_department_id=OWN, facts=others(move), reason="有理由")
    else:
        with pytest.raises(RuleViolation, match="其他部门"):
            permit(move, actor, owner_department_id=OWN, facts=others(move), reason="有理由")


@pytest.mark.parametrize("thing", KINDS)
def test_every_stage_is_labelled_and_reached_from_the_first(thing):
    reached, edge = set(), {FIRST_STAGE[thing]}
    while edge:
        reached |= edge
        edge = {m.target for m in MOVES if m.thing == thing and m.source in edge} - reached
    assert reached == set(KINDS[thing].stages)
    assert all(stages.label(thing, stage).strip() for stage in reached)
    assert len(set(KINDS[thing].stages.values())) == len(reached)


def test_each_thing_begins_in_one_stage():
    assert len([m for m in MOVES if m.source is None]) == len(KINDS) == len(FIRST_STAGE)


def test_only_the_last_stages_have_no_way_on():
    last = {(thing, stage) for thing, kind in KINDS.items() for stage in kind.stages
            if not any((m.thing, m.source) == (thing, stage) for m in MOVES)}
    assert last == {
        ("scheme", "publicised"), ("scheme", "cancelled"), ("plan", "changed"), ("draw", "void"),
        ("assignment", "staffed"), ("assignment", "withdrawn"), ("recusal", "granted"),
        ("absence", "confirmed"), ("absence", "refused"), ("follow_up", "closed"),
        ("objection", "upheld"), ("objection", "dismissed"), ("evaluation", "given"),
        ("letter", "answered"), ("holiday_notice", "replaced"), ("recount", "counted"), ("appraisal", "replaced"),
        ("visit", "done"), ("visit", "replaced"),
        ("difference", "resent"), ("difference", "accepted"), ("difference", "gone")}


@pytest.mark.parametrize("flow", sorted(stages.FLOWS_WOKEN))
def test_every_flow_that_is_woken_exists(flow):
    assert (ROOT / "flows" / f"{flow}.py").is_file()


def test_clocks_of_the_moves_are_known_and_each_is_met_somewhere():
    assert {c for m in MOVES for c in (*m.starts, *m.meets)} == set(CLOCKS)
    assert {c for m in MOVES for c in m.meets} == set(CLOCKS)


PATHS = {
    "scheme": ["drafted", "submitted", "drafted", "submitted", "approved", "drawn", "dispatched",
               "staffed", "in_field", "concluded", "publicised"],
    "draw": ["announced", "sealed", "drawn", "void"],
    "assignment": ["sent", "sent_back", "sent", "accepted", "staffed"],
    "recusal": ["claimed", "refused", "reconsidered", "granted"],
    "absence": ["reported", "confirmed"],
    "visit": ["planned", "done"],
    "check": ["planned", "recorded", "planned", "recorded", "reviewed", "public", "corrected",
              "public", "withdrawn"],
    "exchange": ["prepared", "sent", "unknown", "prepared", "sent", "refused", "prepared", "sent",
                 "acknowledged"],
}


@pytest.mark.parametrize("thing", PATHS)
def test_the_ways_of_the_lifecycle_can_be_gone(thing):
    assert [find(thing, source, target).target for source, target in zip(
        [None, *PATHS[thing]], PATHS[thing], strict=False)] == PATHS[thing]


def test_a_scheme_can_be_cancelled_before_it_is_concluded_and_not_after():
    cancelled = {m.source for m in MOVES if (m.thing, m.target) == ("scheme", "cancelled")}
    assert cancelled == set(KINDS["scheme"].stages) - {"concluded", "publicised", "cancelled"}
