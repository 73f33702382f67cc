"""The pool (待抽库): what a scheme's scope finds in the lead's directory, less what is excluded.

Source: art. 8(1); exclusions in `rules.eligibility`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, extract, select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register.directories import Target, TargetListing
from blocks.register.schemes import Scheme
from blocks.register.visits import Check, CheckRecord, Visit
from blocks.rules.eligibility import target_exclusion
from blocks.rules.sampling import stratum_of


@dataclass(frozen=True)
class Pool:
    """Candidates with their stratum, and who was excluded with the code of the reason."""

    candidates: list[tuple[Target, str]]
    excluded: list[tuple[Target, str]]

    @property
    def sizes(self) -> dict[str, int]:
        return dict(sorted(Counter(stratum for _, stratum in self.candidates).items()))


def in_scope(lead_id: int, scope: Mapping[str, Any]) -> Select[tuple[Target]]:
    """Return the query for the businesses of the lead's directory that the scope names."""
    query = select(Target).join(TargetListing, TargetListing.target_id == Target.id).where(
        TargetListing.department_id == lead_id)
    for key, column in (("kinds", Target.kind), ("counties", Target.county_code),
                        ("risk_classes", Target.risk_class), ("status", Target.status)):
        if scope.get(key):
            query = query.where(column.in_(scope[key]))
    return query.order_by(Target.uscc)


def pool(session: Session, scheme: Scheme) -> Pool:
    """Return the scheme's pool as of now."""
    under_way = set(session.scalars(select(Visit.target_id).join(Visit.scheme).where(
        Visit.stage == "planned", Visit.scheme_id != scheme.id,
        Scheme.stage.not_in(("publicised", "cancelled")))))
    this_year = set(session.scalars(select(Visit.target_id).join(
        Check, Check.visit_id == Visit.id).join(CheckRecord).where(
        extract("year", CheckRecord.inspected_on) == settings.today().year)))
    raises = scheme.sampling.get("raise") or {}
    candidates, excluded = [], []
    for target in session.scalars(in_scope(scheme.lead_id, scheme.scope)):
        reason = target_exclusion(target.status, target.risk_class,
                                  under_way=target.id in under_way,
                                  visited_this_year=target.id in this_year)
        if reason:
            excluded.append((target, reason))
        else:
            candidates.append((target, stratum_of(target, raises)))
    return Pool(candidates, excluded)
