"""The pool (待抽库): what a scheme's scope finds in the lead's directory, less what is excluded.

Source: art. 8(1); exclusions in `rules.eligibility`. Read in columns: the rules are asked once for
each situation that businesses are in (a few dozen), not once for each business (a million).
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from blocks.draw.columns import joined
from blocks.register import bulk
from blocks.register.bench import regulation_of
from blocks.register.directories import Target, TargetListing
from blocks.register.merging import can_be_joined
from blocks.register.schemes import Scheme
from blocks.register.visits import Check, CheckRecord, Visit
from blocks.rules.eligibility import target_exclusion
from blocks.rules.sampling import stratum_of

SEPARATOR = "|"
KNOWN = ("county", "kind", "name", "risk_class")  # what the seal binds of each candidate


@dataclass(frozen=True)
class Situation:
    """What the rules ask of a business; many are in the same one."""

    risk_class: str
    on_abnormal_list: bool
    on_serious_list: bool
    complaints: int
    penalties: int
    under_way: bool
    visited_this_year: bool
    year_full: bool
    department_full: bool
    status: str

    @classmethod
    def read(cls, text: str) -> "Situation":
        """Read a row's fields, joined in their order; the last may hold anything."""
        risk_class, abnormal, serious, complaints, penalties, *flags, status = text.split(
            SEPARATOR, len(fields(cls)) - 1)
        return cls(risk_class, abnormal == "t", serious == "t", int(complaints),
                   int(penalties), *(flag == "t" for flag in flags), status)


@dataclass(frozen=True, eq=False)
class Found:
    """What a scope finds, in columns of text.

    `candidates`: uscc, name, county, kind, risk_class, stratum. `excluded`: uscc, reason (a code
    of `rules.eligibility.TARGET_EXCLUSIONS`).
    """

    candidates: pa.Table
    excluded: pa.Table

    @property
    def sizes(self) -> dict[str, int]:
        return counts(self.candidates["stratum"])


def counts(column: pa.ChunkedArray) -> dict[str, int]:
    """Return how often each text stands in a column, in order of the texts."""
    found = column.value_counts()
    return dict(sorted((one["values"].as_py(), one["counts"].as_py()) for one in found))


def _in_scope(scheme: Scheme) -> Select:
    """Return the query for the businesses of the lead's directory that the scope names."""
    under_way = select(Visit.target_id).join(Visit.scheme).where(
        Visit.stage == "planned", Visit.scheme_id != scheme.id,
        Scheme.stage.not_in(("publicised", "cancelled")),
        ~can_be_joined(scheme.window_start, scheme.window_end))
    year = scheme.window_start.year
    made = select(Visit.target_id).join(Check, Check.visit_id == Visit.id).join(
        CheckRecord).where(CheckRecord.inspected_on.between(date(year, 1, 1), date(year, 12, 31)))
    visits = func.count(func.distinct(func.coalesce(Visit.merged_with_id, Visit.id)))
    regulation = regulation_of(scheme)
    year_full = made.group_by(Visit.target_id).having(
        visits >= regulation.max_visits_per_business_per_year)
    department_full = made.where(
        Check.department_id.in_([scheme.lead_id, *scheme.participant_ids])).group_by(
        Visit.target_id, Check.department_id).having(
        visits >= regulation.max_visits_per_business_and_department_per_year)
    query = select(
        Target.uscc, Target.name, Target.county_code.label("county"), Target.kind,
        Target.risk_class, Target.on_abnormal_list, Target.on_serious_list, Target.complaints,
        Target.penalties,
        Target.id.in_(under_way).label("under_way"),
        Target.id.in_(made).label("visited_this_year"),
        Target.id.in_(year_full).label("year_full"),
        Target.id.in_(department_full).label("department_full"), Target.status,
    ).join(TargetListing, TargetListing.target_id == Target.id).where(
        TargetListing.department_id == scheme.lead_id)
    for key, column in (("kinds", Target.kind), ("counties", Target.county_code),
                        ("risk_classes", Target.risk_class), ("status", Target.status)):
        if scheme.scope.get(key):
            query = query.where(column.in_(scheme.scope[key]))
    return query


def pool(session: Session, scheme: Scheme) -> Found:
    """Return what the scheme's scope finds as of now."""
    raises = scheme.sampling.get("raise") or {}
    rows = bulk.read(session, _in_scope(scheme))
    decisive = [rows[field.name] for field in fields(Situation)]
    situations = joined(decisive, SEPARATOR).dictionary_encode()
    kept = [Situation.read(text) for text in situations.dictionary.to_pylist()]

    def told(rule: Callable[[Situation], str | None]) -> pa.Array:
        answers = pa.array([rule(one) for one in kept], bulk.TEXT)
        return answers.take(situations.indices)

    reasons = told(lambda one: target_exclusion(
        one.status, one.risk_class, under_way=one.under_way,
        visited_this_year=one.visited_this_year, year_full=one.year_full,
        department_full=one.department_full))
    out = reasons.is_valid()
    known = rows.select(["uscc", *KNOWN])
    return Found(
        known.append_column("stratum", told(lambda one: stratum_of(one, raises))).filter(
            pc.invert(out)),
        pa.table({"uscc": rows["uscc"], "reason": reasons}).filter(out))
