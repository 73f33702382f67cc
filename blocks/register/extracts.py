"""The tables that leave the register, a query each, streamed: a million rows without an object.

The columns of a query are named as `config/rosters.yaml` and `config/exports.yaml` name them. What
a roster's query returns is what taking the file in again would write.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    cast,
    column,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by, array
from sqlalchemy.orm import Session, aliased

from blocks.register.appraisals import Appraisal
from blocks.register.directories import (
    Account,
    Department,
    InspectionItem,
    Inspector,
    Interest,
    Leave,
    ListEntry,
    Target,
    TargetListing,
    Tie,
)
from blocks.register.published import Publication
from blocks.register.schemes import Scheme
from blocks.register.trail import TrailLine
from blocks.register.visits import Check, CheckRecord, Seat, Visit
from blocks.rules.stages import Role

AT_ONCE = 5000
NOT_PEOPLE = (Role.SYSTEM.value, Role.BUSINESS.value)


def rows(session: Session, table: str, department_id: int | None = None
         ) -> Iterator[Mapping[str, Any]]:
    """Yield a table's rows, by a cursor of the database's own; of one department's people, if asked.

    Raises:
        KeyError: there is no such table, or it does not belong to departments.
    """
    query = TABLES[table]()
    if department_id is not None:
        query = query.where(OWNED[table] == department_id)
    yield from session.execute(query.execution_options(yield_per=AT_ONCE)).mappings()


def _departments() -> Select:
    return select(Department.code, Department.name, Department.short_name).order_by(Department.code)


def _accounts() -> Select:
    """People alone: the accounts of the system and of businesses make themselves."""
    return select(
        Account.login, Account.name, Department.code.label("department_code"), Account.roles,
        Inspector.certificate_no,
    ).outerjoin(Department, Department.id == Account.department_id).outerjoin(
        Inspector, Inspector.id == Account.inspector_id).where(
        Account.active, ~Account.roles.overlap(cast(array(NOT_PEOPLE), ARRAY(Text))),
    ).order_by(Account.login)


def _items() -> Select:
    item = InspectionItem
    return select(
        item.code, item.field, item.name, item.kind, Department.code.label("department_code"),
        item.target_kinds, item.mode, item.legal_basis, item.clause, item.partner_codes,
        item.effective_from, item.effective_to, item.published,
    ).join(Department, Department.id == item.department_id).order_by(item.code)


def _inspectors() -> Select:
    """Those who serve: whoever is taken in serves again."""
    return select(
        Inspector.certificate_no, Inspector.name, Department.code.label("department_code"),
        Inspector.county_code, Inspector.certificate_from, Inspector.certificate_to,
        Inspector.may_lead, Inspector.item_codes,
    ).join(Department, Department.id == Inspector.department_id).where(
        Inspector.active).order_by(Inspector.certificate_no)


def _interests() -> Select:
    return select(Inspector.certificate_no, Target.uscc, Interest.reason).join(
        Inspector, Inspector.id == Interest.inspector_id).join(
        Target, Target.id == Interest.target_id).order_by(Inspector.certificate_no, Target.uscc)


def _ties() -> Select:
    return select(Inspector.certificate_no, Tie.kind, Tie.value, Tie.until).join(
        Inspector, Inspector.id == Tie.inspector_id).order_by(
        Inspector.certificate_no, Tie.kind, Tie.value)


def _leave() -> Select:
    return select(Inspector.certificate_no, Leave.first, Leave.last, Leave.reason).join(
        Inspector, Inspector.id == Leave.inspector_id).order_by(
        Inspector.certificate_no, Leave.first)


def _entries(kind: str) -> Callable[[], Select]:
    """Return the query of one of the lists kept by others."""
    entry = ListEntry
    return lambda: select(
        entry.name, entry.uscc, entry.number, entry.listed_on, entry.removed_on, entry.reason,
        entry.authority).where(entry.kind == kind).order_by(entry.id)


def _targets() -> Select:
    """Without the legal representative, who is private and never leaves the register."""
    listed = select(_gathered(Department.code, Department.code)).join(
        TargetListing, TargetListing.department_id == Department.id).where(
        TargetListing.target_id == Target.id).scalar_subquery()
    return select(
        Target.uscc, Target.name, Target.county_code, Target.address, Target.kind,
        Target.risk_class, Target.status, Target.on_abnormal_list, Target.on_serious_list,
        Target.complaints, listed.label("department_codes"),
    ).order_by(Target.id)


def _gathered(value: ColumnElement, *order: ColumnElement) -> ColumnElement:
    """Return the values of several rows as one list, empty where there is none."""
    return func.coalesce(func.array_agg(aggregate_order_by(value, *order)),
                         cast(array([]), ARRAY(Text)))


def _schemes() -> Select:
    drafter, approver, lead = aliased(Account), aliased(Account), aliased(Department)
    participants = select(_gathered(Department.name, Department.id)).where(
        Department.id == func.any(Scheme.participant_ids)).scalar_subquery()
    visits = select(func.count()).where(
        Visit.scheme_id == Scheme.id, Visit.stage != "replaced").scalar_subquery()
    return select(
        Scheme.code, Scheme.name, Scheme.stage, Scheme.stage_since, Scheme.draw_kind,
        lead.name.label("lead"), participants.label("participants"),
        drafter.name.label("drafter"), approver.name.label("approver"), Scheme.grounds,
        Scheme.window_start, Scheme.window_end, Scheme.mode, Scheme.lead_items,
        visits.label("visits"),
    ).join(lead, lead.id == Scheme.lead_id).join(drafter, drafter.id == Scheme.drafter_id).outerjoin(
        approver, approver.id == Scheme.approver_id).order_by(Scheme.id)


def _visits() -> Select:
    """Without the code on its notice, by which a business acts."""
    return select(
        Visit.id, Scheme.code.label("scheme_code"), Target.uscc, Target.name, Target.county_code,
        Target.address, Visit.stratum, Visit.rank, Visit.day, Visit.half, Visit.stage,
        Visit.stage_since, Visit.replaces_id, Visit.replacement_reason, Visit.merged_with_id,
    ).join(Scheme, Scheme.id == Visit.scheme_id).join(
        Target, Target.id == Visit.target_id).order_by(Visit.id)


def _seated(value: ColumnElement) -> ColumnElement:
    return select(_gathered(value, Seat.leads.desc(), Seat.id)).join(
        Seat, Seat.inspector_id == Inspector.id).where(
        Seat.check_id == Check.id, Seat.vacated_at.is_(None)).scalar_subquery()


def _checks() -> Select:
    return select(
        Check.id, Check.visit_id, Scheme.code.label("scheme_code"), Target.uscc, Target.name,
        Department.name.label("department"), Check.item_codes, Visit.day, Visit.half,
        _seated(Inspector.name).label("people"),
        _seated(Inspector.certificate_no).label("certificates"), Check.stage, Check.stage_since,
        Check.record_number,
    ).join(Visit, Visit.id == Check.visit_id).join(Scheme, Scheme.id == Visit.scheme_id).join(
        Target, Target.id == Visit.target_id).join(
        Department, Department.id == Check.department_id).order_by(Check.id)


def _results() -> Select:
    """Every version of every record: a correction never hides what stood before."""
    record, recorder, second, reviewer = (CheckRecord, aliased(Account), aliased(Account),
                                          aliased(Account))
    return select(
        record.check_id, record.number, Scheme.code.label("scheme_code"), Target.uscc, Target.name,
        Department.name.label("department"), record.category, record.finding, record.answers,
        record.inspected_on, record.made_on, recorder.name.label("recorded_by"),
        record.recorded_at, second.name.label("confirmed_by"), record.verdict,
        reviewer.name.label("reviewed_by"), record.reviewed_at, record.review_reason,
        record.correction_reason, Publication.read_back_at.label("published_at"),
    ).join(Check, Check.id == record.check_id).join(Visit, Visit.id == Check.visit_id).join(
        Scheme, Scheme.id == Visit.scheme_id).join(Target, Target.id == Visit.target_id).join(
        Department, Department.id == Check.department_id).join(
        recorder, recorder.id == record.recorded_by_id).outerjoin(
        second, second.id == record.confirmed_by_id).outerjoin(
        reviewer, reviewer.id == record.reviewed_by_id).outerjoin(
        Publication, and_(Publication.check_id == record.check_id,
                          Publication.record_number == record.number,
                          Publication.act == "published"),
    ).order_by(record.check_id, record.number)


def _trail() -> Select:
    line = TrailLine
    return select(
        line.number, line.at, line.thing, line.thing_id, line.version, line.label, line.source,
        line.target, Account.name.label("actor"), Account.login, line.actor_id, line.role,
        line.reason, Scheme.code.label("scheme_code"), line.scheme_id, line.details, line.previous,
        line.hash,
    ).join(Account, Account.id == line.actor_id).outerjoin(
        Scheme, Scheme.id == line.scheme_id).order_by(line.number)


def _appraisals() -> Select:
    """Every frozen figure of every version, by its dimensions; `indicator` is a key, `county` a code."""
    figure = func.jsonb_array_elements(Appraisal.content["figures"]).table_valued(column("value", JSONB)).lateral()
    told = [figure.c.value[place].astext for place in range(7)]
    return select(
        Appraisal.period, Appraisal.number, Appraisal.stage, told[0].label("indicator"),
        Department.name.label("department"), told[3].label("county"), told[4].label("risk_class"),
        cast(told[5], Integer).label("n"), cast(told[6], Integer).label("total"),
    ).select_from(Appraisal).join(figure, true()).outerjoin(
        Department, Department.id == cast(told[2], BigInteger)).order_by(Appraisal.period, Appraisal.number)


TABLES: dict[str, Callable[[], Select]] = {
    "departments": _departments, "accounts": _accounts, "items": _items, "targets": _targets,
    "inspectors": _inspectors, "interests": _interests, "ties": _ties, "leave": _leave,
    **{kind: _entries(kind) for kind in ("abnormal", "serious", "complaints", "penalties")},
    "schemes": _schemes, "visits": _visits, "checks": _checks, "results": _results,
    "trail": _trail, "appraisals": _appraisals,
}
OWNED = dict.fromkeys(("inspectors", "interests", "ties", "leave"), Inspector.department_id)
