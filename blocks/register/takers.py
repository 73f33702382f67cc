"""How each kind of roster goes from its staged rows into the register, and what leaves with a full
list (整份替换)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased

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
from blocks.register.staging import Changed, merge
from blocks.rules.stages import Role

GROWN = 10_000  # rows after which PostgreSQL is told how large a table has become
REMEMBERED = timedelta(days=365)  # complaints and penalties older than this raise no rate


@dataclass(frozen=True)
class Staged:
    """A roster on its way into the register.

    `rows`: as `staging.stage` gives them. `absent`: fields that the file has no column for; what the
    register knows of them stays. `directory`: where businesses belong that do not say.
    """

    rows: Subquery
    today: date
    absent: frozenset[str] = frozenset()
    directory: str | None = None


Taker = Callable[[Session, Staged], Changed]


def _plain(s: Subquery, *names: str) -> dict[str, ColumnElement]:
    return {name: s.c[name] for name in names}


def _departments(session: Session, staged: Staged) -> Changed:
    s = staged.rows
    return merge(session, Department, None, _plain(s, "code", "name", "short_name"), ("code",))


def _accounts(session: Session, staged: Staged) -> Changed:
    s = staged.rows
    source = s.outerjoin(Department, Department.code == s.c.department_code).outerjoin(
        Inspector, Inspector.certificate_no == s.c.certificate_no)
    return merge(session, Account, source, {
        **_plain(s, "login", "name", "roles"), "active": true(),
        "department_id": Department.id, "inspector_id": Inspector.id}, ("login",),
        ("inspector_id",) if "certificate_no" in staged.absent else ())


def _items(session: Session, staged: Staged) -> Changed:
    s = staged.rows
    source = s.join(Department, Department.code == s.c.department_code)
    return merge(session, InspectionItem, source, {
        **_plain(s, "code", "field", "name", "kind", "target_kinds", "mode", "legal_basis",
                 "clause", "partner_codes", "effective_from", "effective_to", "published"),
        "department_id": Department.id}, ("code",), staged.absent)


def _inspectors(session: Session, staged: Staged) -> Changed:
    s = staged.rows
    source = s.join(Department, Department.code == s.c.department_code)
    return merge(session, Inspector, source, {
        **_plain(s, "certificate_no", "name", "county_code", "certificate_from", "certificate_to",
                 "may_lead", "item_codes"), "active": true(), "department_id": Department.id},
        ("certificate_no",), staged.absent)


def _interests(session: Session, staged: Staged) -> Changed:
    s = staged.rows
    source = s.join(Inspector, Inspector.certificate_no == s.c.certificate_no).join(
        Target, Target.uscc == s.c.uscc)
    return merge(session, Interest, source, {
        "inspector_id": Inspector.id, "target_id": Target.id, "reason": s.c.reason},
        ("inspector_id", "target_id"))


def _ties(session: Session, staged: Staged) -> Changed:
    s = staged.rows
    source = s.join(Inspector, Inspector.certificate_no == s.c.certificate_no)
    return merge(session, Tie, source, {
        "inspector_id": Inspector.id, **_plain(s, "kind", "value", "until")},
        ("inspector_id", "kind", "value"), staged.absent)


def _leave(session: Session, staged: Staged) -> Changed:
    s = staged.rows
    source = s.join(Inspector, Inspector.certificate_no == s.c.certificate_no)
    return merge(session, Leave, source, {
        "inspector_id": Inspector.id, **_plain(s, "first", "last", "reason")},
        ("inspector_id", "first"), staged.absent)


def _targets(session: Session, staged: Staged) -> Changed:
    s = staged.rows
    done = merge(session, Target, None, {**_plain(
        s, "uscc", "name", "county_code", "address", "kind", "risk_class", "status",
        "legal_representative", "on_abnormal_list", "on_serious_list", "complaints"),
        "penalties": literal(0)}, ("uscc",), {*staged.absent, "penalties"})
    if done.added > GROWN:
        session.execute(text("ANALYZE targets"))  # or the join below is planned for an empty table
    listed = _listed(staged)
    source = listed.join(Target, Target.uscc == listed.c.uscc).join(
        Department, Department.code == listed.c.code)
    session.execute(upsert(TargetListing).from_select(
        ["target_id", "department_id"], select(Target.id, Department.id).select_from(source),
    ).on_conflict_do_nothing())
    return done


def _listed(staged: Staged) -> Subquery:
    """Return pairs of a business and the department in whose directory the file puts it."""
    s = staged.rows
    if staged.directory is not None and "department_codes" in staged.absent:
        return select(s.c.uscc, literal(staged.directory).label("code")).subquery("listed")
    code = func.unnest(s.c.department_codes).label("code")
    stated = select(s.c.uscc, code)
    if staged.directory is None:
        return stated.subquery("listed")
    silent = select(s.c.uscc, literal(staged.directory)).where(func.cardinality(s.c.department_codes) == 0)
    return stated.union_all(silent).subquery("listed")


def _list(kind: str) -> Taker:
    def take(session: Session, staged: Staged) -> Changed:
        s = staged.rows
        done = merge(session, ListEntry, None, {
            "kind": literal(kind),
            **_plain(s, "name", "uscc", "number", "listed_on", "removed_on", "reason", "authority")},
            ("kind", "name", "listed_on", "number"), staged.absent)
        match_lists(session, staged.today, kind)
        return done
    return take


def match_lists(session: Session, today: date, *kinds: str) -> int:
    """Find the businesses of list entries by code, else by a name that only one has; and bring what
    the directory says of them up to date: the lists they stand on, complaints and penalties of the
    last year. Return how many of these changed."""
    changed = 0
    mine = ListEntry.kind.in_(kinds or FLAGS)
    by_code = select(Target.id).where(Target.uscc == ListEntry.uscc).scalar_subquery()
    other = aliased(Target)
    alone = ~exists().where(other.name == Target.name, other.id != Target.id)
    by_name = select(Target.id).where(Target.name == ListEntry.name, alone).scalar_subquery()
    session.execute(update(ListEntry).where(mine, ListEntry.target_id.is_(None)).values(
        target_id=func.coalesce(by_code, by_name)).execution_options(synchronize_session=False))
    for kind in kinds or FLAGS:
        column, told = FLAGS[kind](today)
        known = select(ListEntry.target_id).where(ListEntry.kind == kind,
                                                  ListEntry.target_id.is_not(None))
        changed += session.execute(update(Target).where(
            Target.id.in_(known), column.is_distinct_from(told)).values(
            {column: told}).execution_options(synchronize_session=False)).rowcount
    return changed


def _standing(kind: str, column) -> Callable[[date], tuple]:
    return lambda today: (column, exists().where(
        ListEntry.target_id == Target.id, ListEntry.kind == kind,
        or_(ListEntry.removed_on.is_(None), ListEntry.removed_on > today)))


def _counted(kind: str, column) -> Callable[[date], tuple]:
    return lambda today: (column, select(func.count()).where(
        ListEntry.target_id == Target.id, ListEntry.kind == kind,
        ListEntry.listed_on > today - REMEMBERED).scalar_subquery())


FLAGS = {"abnormal": _standing("abnormal", Target.on_abnormal_list),
         "serious": _standing("serious", Target.on_serious_list),
         "complaints": _counted("complaints", Target.complaints),
         "penalties": _counted("penalties", Target.penalties)}
TAKERS: dict[str, Taker] = {
    "departments": _departments, "items": _items, "inspectors": _inspectors,
    "accounts": _accounts, "targets": _targets, "interests": _interests, "ties": _ties,
    "leave": _leave, **{kind: _list(kind) for kind in FLAGS},
}


def leaving_inspectors(staged: Staged) -> Select:
    """Return those of the file's departments who are not in the file."""
    s = staged.rows
    named = select(Department.id).join(s, s.c.department_code == Department.code)
    return select(Inspector.id, Inspector.name + "（" + Inspector.certificate_no + "）").where(
        Inspector.active, Inspector.department_id.in_(named),
        Inspector.certificate_no.not_in(select(s.c.certificate_no)))


def leaving_accounts(staged: Staged) -> Select:
    """Return the people's accounts that are not in the file; the system's own stay."""
    s = staged.rows
    own = or_(Account.roles.contains([Role.SYSTEM.value]),
              Account.roles.contains([Role.BUSINESS.value]))
    return select(Account.id, Account.name + "（" + Account.login + "）").where(
        Account.active, ~own, Account.login.not_in(select(s.c.login)))


def leaving_items(staged: Staged) -> Select:
    """Return the published items that are not in the file."""
    s = staged.rows
    return select(InspectionItem.id, InspectionItem.code + " " + InspectionItem.name).where(
        InspectionItem.published, InspectionItem.code.not_in(select(s.c.code)))


def leaving_targets(staged: Staged) -> Select:
    """Return what stands in the directories that the file names, and not in the file."""
    s = staged.rows
    listed = _listed(staged)
    named = select(Department.id).join(listed, listed.c.code == Department.code)
    return select(Target.id, Target.name + "（" + Target.uscc + "）").where(
        Target.id.in_(select(TargetListing.target_id).where(
            TargetListing.department_id.in_(named))), Target.uscc.not_in(select(s.c.uscc)))


def _end_listings(session: Session, gone: list[int], staged: Staged) -> None:
    listed = _listed(staged)
    named = select(Department.id).join(listed, listed.c.code == Department.code)
    session.execute(delete(TargetListing).where(and_(
        TargetListing.target_id == func.any(gone), TargetListing.department_id.in_(named))))


def _switch_off(model, **values) -> Callable:
    def leave(session: Session, gone: list[int], staged: Staged) -> None:
        session.execute(update(model).where(model.id == func.any(gone)).values(**values))
    return leave


LEAVERS: dict[str, tuple[Callable[[Staged], Select], Callable]] = {
    "inspectors": (leaving_inspectors, _switch_off(Inspector, active=False)),
    "accounts": (leaving_accounts, _switch_off(Account, active=False)),
    "items": (leaving_items, _switch_off(InspectionItem, published=False)),
    "targets": (leaving_targets, _end_listings),
}
