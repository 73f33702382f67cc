"""What is public of a check: each version's result, by the allow-list of `rules.disclosure`."""

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register import catalogue
from blocks.register.visits import Check, CheckRecord, Publication, Visit
from blocks.rules.disclosure import public_result


def versions(session: Session, check: Check, records: list[CheckRecord]) -> list[dict[str, Any]]:
    """Return the public form of these versions of a check's result, oldest first."""
    visit, scheme = check.visit, check.visit.scheme
    names = {item.code: item.name for item in catalogue.items(session, check.item_codes, scheme)}
    return [public_result({
        "business": visit.target.name, "uscc": visit.target.uscc,
        "scheme_code": scheme.code, "scheme_title": scheme.name, "lead": scheme.lead.name,
        "authority": check.department.name,
        "items": [{"code": code, "name": names[code]} for code in check.item_codes],
        "category": record.category, "result": settings.results().category(record.category).label,
        "inspected_on": record.inspected_on.isoformat(), "version": record.number,
        "made_on": record.made_on.isoformat(),
    }) for record in records]


def published(session: Session, scheme_id: int | None = None) -> list[tuple[Check, CheckRecord]]:
    """Return every version that is public, with its check, by business and department."""
    query = select(Check, CheckRecord).join(
        CheckRecord, CheckRecord.check_id == Check.id).join(
        Publication, (Publication.check_id == Check.id)
        & (Publication.record_number == CheckRecord.number)).join(Check.visit)
    if scheme_id is not None:
        query = query.where(Visit.scheme_id == scheme_id)
    return list(session.execute(query.order_by(
        Visit.target_id, Check.id, CheckRecord.number)))


def as_json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
