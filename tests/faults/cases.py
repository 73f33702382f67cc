"""For each place where the product commits, a case that comes there: a stage, what goes before, a work."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select, update

from blocks import settings
from blocks.actions import (
    accounts,
    almanac,
    appraising,
    attaching,
    contacts,
    draws,
    exchanging,
    exporting,
    intake,
    papers,
    plans,
    schemes,
    urging,
)
from blocks.actions import relaying as events
from blocks.errors import NotAnswering
from blocks.gateway import mapping, workbooks
from blocks.register.database import transaction
from blocks.register.deliveries import Delivery
from blocks.register.differences import Difference
from blocks.register.directories import Target
from blocks.register.draws import DrawTicket
from blocks.register.exchanges import Exchange
from blocks.register.notices import Notice
from blocks.register.schemes import Attempt
from blocks.register.trail import OutboxLine
from blocks.steps import publishing, relaying
from tests.conftest import SAMPLE
from tests.faults import scenes
from tests.faults.prefect_far_away import Faults, Run
from tests.faults.workers import carry_out
from tests.faults.world import World
from tests.scenes import PARTIES, SECRETS

Work = Callable[[World], Any]
MONTH, REFUSAL = "2026-10", "550 no such user"
YEAR, PASSWORD, PAPER = 2026, "原来的口令一二三四甲乙", b"%PDF-1.4\n%%EOF\n"
SOURCE = "https://www.gov.cn/zhengce/2027.htm"
NEXT_YEAR = {"year": 2027, "source": [SOURCE], "make_up_workdays": [], "holidays": [
    {"name": "元旦", "from": date(2027, 1, 1), "to": date(2027, 1, 3), "days": 3}]}

# Places that no case comes to, and why.
ELSEWHERE = {
    "steps.ceremony._fetch#1": "a round of drand: needs the beacon's answer, tests/engine_room/test_beacons.py",
    "steps.ceremony._fetch#2": "the same",
}


@dataclass(frozen=True)
class Case:
    """`before`: acts of people by name (`module.function`), or works, that bring it to its point."""

    name: str
    stage: str
    work: str | Work
    before: tuple[str | Work, ...] = ()


def carry(world: World) -> None:
    scenes.carry_all()


def run(flow: str) -> Work:
    return lambda world: carry_out(Run(flow))


def later(**by: int) -> Work:
    return lambda world: world.later(timedelta(**by))


def _committed(world: World) -> None:
    for party in PARTIES:
        draws.commit(f"{party}.jingban", world.code, SECRETS[party])


def _failed(world: World) -> None:
    """Let a notice be one that nobody took."""
    carry_out(Run("reminders"))
    with transaction() as session:
        session.execute(update(Notice).values(stage="failed", last_error=REFUSAL))
        session.execute(update(Delivery).values(stage="failed", last_error=REFUSAL, sent_at=None, went_to=None))


def _again(world: World) -> None:
    with transaction() as session:
        first = session.scalars(select(Notice.id).order_by(Notice.id)).first()
    urging.again("bangong", first)


def _retry(world: World) -> None:
    with transaction() as session:
        key = session.scalars(select(Attempt.key).order_by(Attempt.key)).first()
    urging.retry("bangong", key)


def platform(how: str, **more: str) -> Work:
    return lambda world: world.tell(how, **more)


def _first(kind: type[Exchange] | type[Difference]) -> int:
    with transaction() as session:
        return session.scalars(select(kind.id).order_by(kind.id)).first()


def _forgets(world: World) -> None:
    """Somebody deletes over there what was told."""
    world.province.forget()
    exchanging.reconcile("bangong")


def _receipts(world: World) -> None:
    with transaction() as session:
        back = [{"key": key, "state": "acknowledged", "receipt": f"SJ-{key}", "reason": ""}
                for key in session.scalars(select(Exchange.key).order_by(Exchange.id))]
    workbooks.write(mapping.layout("receipts"), back, _file(world, "receipts.xlsx"))
    exchanging.take("bangong", "receipts", _file(world, "receipts.xlsx"))


def _drawn_there(world: World) -> None:
    """The province has drawn whom we have."""
    with transaction() as session:
        drawn = [{"key": "", "scheme_code": world.code, "uscc": one.target.uscc, "name": one.target.name,
                  "certificates": []} for one in session.scalars(
                      select(DrawTicket).where(~DrawTicket.is_reserve).order_by(DrawTicket.rank))]
    workbooks.write(mapping.layout("drawn"), drawn, _file(world, "drawn.xlsx"))
    exchanging.drawn("bangong", world.code, _file(world, "drawn.xlsx"))


def _refused(world: World) -> None:
    """Prefect says no to every event."""
    world.prefect.refuses = True
    try:
        _relay(world)
    finally:
        world.prefect.refuses = False


def _given_up(world: World) -> None:
    for _ in range(5):
        _refused(world)
        with transaction() as session:
            session.execute(update(OutboxLine).values(leased_until=None))  # by the wall's clock it waits for minutes


def _event() -> int:
    with transaction() as session:
        return session.scalar(select(func.min(OutboxLine.trail_number)).where(
            OutboxLine.done_at.is_(None), OutboxLine.tries >= 5))


def _no_events(world: World) -> None:
    settings.get().events = "off"
    relaying.relay_rest()


def _appraised(world: World) -> None:
    appraising.freeze("bangong", MONTH)


def _appealed(world: World) -> None:
    appraising.appeal("gaj.shenpi", MONTH, "台风停业")


def _contact(world: World) -> None:
    contacts.add("gaj.jingban", "mail", "gaj@example.cn")


def _password(world: World) -> None:
    accounts.set_password("gaj.jingban", PASSWORD)


def _sign_out(world: World) -> None:
    accounts.sign_out(accounts.sign_in("gaj.jingban", PASSWORD))


def _plan(world: World) -> None:
    plans.take("bangong", SAMPLE / "plan.csv", YEAR)


def _items(world: World) -> None:
    """Take in a catalogue in which one name has changed."""
    changed = _file(world, "items.csv")
    before = (SAMPLE / "items.csv").read_text("utf-8-sig")
    changed.write_text(before.replace("情况检查,", "情况检查（新）,", 1), "utf-8")
    intake.take("bangong", "items", changed)


def _figures(world: World) -> None:
    publishing.make_figures()


def _attach(world: World) -> None:
    schemes.attach("gaj.jingban", world.code, [attaching.Upload.model_construct(name="依据.pdf", content=PAPER)])


def _file(world: World, name: str) -> Any:
    return settings.state_dir() / name


def _relay(world: World) -> None:
    with world.prefect.client() as to:
        relaying.relay(to)


def _away(world: World, work: Work) -> None:
    """Do a work while Prefect does not answer to it."""
    faults, world.prefect.faults = world.prefect.faults, Faults(0, 0, 1, 0, 0)
    try:
        with suppress(NotAnswering):
            work(world)
    finally:
        world.prefect.faults = faults


def _somebody() -> str:
    with transaction() as session:
        return session.scalars(select(Target.uscc).order_by(Target.id)).first()


ACTS = (
    ("drafted", (), "schemes.new schemes.edit schemes.submit cancelling.cancel"),
    ("submitted", (carry,), "schemes.approve schemes.return_"),
    ("approved", (carry,), "draws.commit"),
    ("sealed", (later(minutes=1),), "draws.reveal draws.type_figure draws.ask_void"),
    ("sealed", ("draws.ask_void",), "draws.void"),
    ("dispatched", (), "assignments.accept assignments.send_back"),
    ("dispatched", ("cancelling.cancel",), "cancelling.confirm"),
    ("dispatched", ("assignments.send_back",), "assignments.resend assignments.withdraw"),
    ("dispatched", (later(days=20),), "urging.urge letters.issue"),
    ("dispatched", (later(days=20), "letters.issue"), "letters.answer"),
    ("in_field", (), "checks.record recusals.claim recusals.claim_by_notice absences.report visits.ask_replacement"),
    ("in_field", ("recusals.claim",), "recusals.decide"),
    ("in_field", ("recusals.claim", "recusals.decide grant=False"), "recusals.appeal"),
    ("in_field", ("recusals.claim_by_notice", "recusals.decide grant=False"), "recusals.appeal_by_notice"),
    ("in_field", ("absences.report",), "absences.decide"),
    ("in_field", ("visits.ask_replacement",), "visits.confirm_replacement"),
    ("in_field", ("checks.record",), "checks.confirm"),
    ("recorded", (), "checks.review follow_ups.order objections.evaluate_by_notice"),
    ("recorded", ("follow_ups.order",), "follow_ups.postpone follow_ups.close"),
    ("reviewed", (), "withholding.ask"),
    ("reviewed", ("withholding.ask",), "withholding.confirm withholding.refuse"),
    ("reviewed", ("withholding.ask", "withholding.confirm", carry), "withholding.lift"),
    ("publicised", (), "checks.correct objections.object_by_notice"),
    ("publicised", ("checks.correct",), "checks.review"),
    ("publicised", ("objections.object_by_notice",), "objections.decide"),
    ("publicised", ("withholding.ask", "withholding.confirm"), "checks.correct"),
)

BY_HTTP, BY_FILES = (platform("http"),), (platform("files"),)
TOLD_BY_HTTP, TOLD_BY_FILES = ((*how, "assignments.accept", carry) for how in (BY_HTTP, BY_FILES))

# What no scheme's page offers: by name, where it begins, what goes before.
OTHERS: dict[str, tuple[str, tuple[str | Work, ...], Work]] = {
    "flows submitted": ("submitted", (), carry),
    "flows approved": ("approved", (), carry),
    "flows committed": ("approved", (carry, _committed), carry),
    "flows revealed": ("revealed", (), carry),
    "flows accepted": ("accepted", (), carry),
    "flows replaced": ("in_field", ("visits.ask_replacement", "visits.confirm_replacement"), carry),
    "flows recused": ("in_field", ("recusals.claim", "recusals.decide"), carry),
    "flows reviewed": ("reviewed", (), carry),
    "flows withheld": ("reviewed", ("withholding.ask", "withholding.confirm"), carry),
    "flows withdrawn": ("publicised", ("withholding.ask", "withholding.confirm"), carry),
    "flows corrected": ("publicised", ("checks.correct", "checks.review"), carry),
    "reminders": ("dispatched", (), run("reminders")),
    "reminders late": ("dispatched", (later(days=28),), run("reminders")),
    "sweep": ("accepted", (), run("sweep")),
    "sweep of an away Prefect": ("accepted", (), lambda world: _away(world, run("sweep"))),
    "relay": ("accepted", (), _relay),
    "relay of an away Prefect": ("accepted", (), lambda world: _away(world, _relay)),
    "nightly": ("reviewed", (), run("nightly")),
    "nightly with a plan": ("drafted", (_plan, lambda world: plans.publish("bangong", YEAR)), run("nightly")),
    "relay of what Prefect refuses": ("accepted", (), _refused),
    "relay where events are off": ("accepted", (), _no_events),
    "relaying.resend": ("accepted", (_given_up,), lambda world: events.resend("bangong", _event())),
    "relaying.let_be": ("accepted", (_given_up,), lambda world: events.let_be("bangong", _event())),
    "flows told by HTTP": ("dispatched", (*BY_HTTP, "assignments.accept"), carry),
    "flows told by files": ("dispatched", (*BY_FILES, "assignments.accept"), carry),
    "exchanging.resend": ("dispatched", TOLD_BY_FILES, lambda world: exchanging.resend("bangong", _first(Exchange))),
    "exchanging.receipt": ("dispatched", TOLD_BY_FILES, lambda world: exchanging.receipt(
        "bangong", _first(Exchange), "SJ-7")),
    "exchanging.take": ("dispatched", TOLD_BY_FILES, _receipts),
    "exchanging.export": ("dispatched", TOLD_BY_FILES, lambda world: exchanging.export(
        "bangong", "assignments", _file(world, "out.xlsx"))),
    "exchanging.reconcile": ("dispatched", TOLD_BY_HTTP, _forgets),
    "exchanging.accept": ("dispatched", (*TOLD_BY_HTTP, _forgets), lambda world: exchanging.accept(
        "bangong", _first(Difference), "平台已归档")),
    "exchanging.resend_ours": ("dispatched", (*TOLD_BY_HTTP, _forgets), lambda world: exchanging.resend_ours(
        "bangong", _first(Difference))),
    "exchanging.pull": ("dispatched", BY_HTTP, lambda world: exchanging.pull("bangong", "items")),
    "exchanging.drawn": ("revealed", (platform("files", draws="theirs"), carry), _drawn_there),
    "appraisal": ("publicised", (), run("appraisal")),
    "appraising.freeze": ("drafted", (), _appraised),
    "appraising.comment": ("drafted", (_appraised,), lambda world: appraising.comment("gaj.shenpi", MONTH, "台风停业")),
    "appraising.appeal": ("drafted", (_appraised,), _appealed),
    "appraising.decide": ("drafted", (_appraised, _appealed), lambda world: appraising.decide(
        "bangong", MONTH, False, "记录属实")),
    "schemes.attach": ("drafted", (), _attach),
    "schemes.preview": ("drafted", (), lambda world: schemes.preview(world.code)),
    "urging.again": ("dispatched", (_failed,), _again),
    "urging.retry": ("accepted", (run("sweep"),), _retry),
    "contacts.add": ("drafted", (), _contact),
    "contacts.drop": ("drafted", (_contact,), lambda world: contacts.drop("gaj.jingban", 1)),
    "contacts.subscribe": ("drafted", (), lambda world: contacts.subscribe("gaj.jingban")),
    "accounts.new": ("drafted", (), lambda world: accounts.new(
        "bangong", "neu", "样例·新", ["office"], department_code="scjg")),
    "accounts.give_password": ("drafted", (), lambda world: accounts.give_password("bangong", "gaj.jingban")),
    "accounts.set_password": ("drafted", (), _password),
    "accounts.change_password": ("drafted", (_password,), lambda world: accounts.change_password(
        "gaj.jingban", PASSWORD, "新的口令五六七八九十甲乙")),
    "accounts.sign_in": ("drafted", (_password,), _sign_out),
    "accounts.sign_out_everywhere": ("drafted", (), lambda world: accounts.sign_out_everywhere("gaj.jingban")),
    "accounts.give_token": ("drafted", (), lambda world: accounts.give_token("bangong", "gaj.jingban")),
    "almanac.rehearse": ("dispatched", (), lambda world: almanac.rehearse(NEXT_YEAR, SOURCE)),
    "almanac.adopt": ("dispatched", (), lambda world: almanac.adopt("bangong", NEXT_YEAR, SOURCE)),
    "intake.take": ("drafted", (), _items),
    "plans.take": ("drafted", (), _plan),
    "plans.answer": ("drafted", (_plan,), lambda world: plans.answer("bangong", YEAR, 4, {"share": "5%"})),
    "plans.publish": ("drafted", (_plan,), lambda world: plans.publish("bangong", YEAR)),
    "plans.show": ("drafted", (_plan,), lambda world: plans.show(YEAR)),
    "draws.pool_of": ("sealed", (), lambda world: draws.pool_of("jiandu", world.code)),
    "draws.lists_of": ("sealed", (), lambda world: draws.lists_of("jiandu", world.code)),
    "draws.slip": ("sealed", (), lambda world: draws.slip("bangong", world.code, _somebody())),
    "papers.take": ("in_field", (), lambda world: papers.take("gaj.jingban", "notice", 1, "html")),
    "exporting.export": ("drafted", (), lambda world: exporting.export("bangong", "items", _file(world, "out.csv"))),
    "exporting.template": ("drafted", (), lambda world: exporting.template("items", _file(world, "form.xlsx"))),
    "publishing.make_site": ("drafted", (), lambda world: publishing.make_site()),
    "publishing.rebuild": ("publicised", (), lambda world: publishing.rebuild()),
    "publishing.make_figures": ("publicised", (), _figures),
}


CASES = [*(Case(name, stage, name, before) for stage, before, names in ACTS for name in names.split()),
         *(Case(name, stage, work, before) for name, (stage, before, work) in OTHERS.items())]
