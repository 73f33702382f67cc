"""Messages as people see them (消息): one's own in the portal, and the list of deliveries."""

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from blocks.register.deliveries import Contact, Delivery
from blocks.register.notices import Notice
from blocks.rules.roles import Actor, Role

A_PAGE = 100


def _mine(actor: Actor) -> Select[tuple[Notice]]:
    """A message to the person, to the department, or (the office) to the office."""
    to_all = Notice.account_id.is_(None)
    ways = [Notice.account_id == actor.id]
    if actor.department_id is not None and actor.roles & {Role.DRAFTER, Role.APPROVER}:
        ways.append(and_(to_all, Notice.department_id == actor.department_id))
    if Role.OFFICE in actor.roles:
        ways.append(and_(to_all, Notice.department_id.is_(None)))
    return select(Notice).where(or_(*ways)).order_by(Notice.id.desc())


def messages(session: Session, actor: Actor) -> list[Notice]:
    """Return the last hundred messages to this person, the newest first."""
    return list(session.scalars(_mine(actor).limit(A_PAGE)))


def contacts(session: Session, actor: Actor) -> list[Contact]:
    """Return the addresses of this person and of the department."""
    return list(session.scalars(select(Contact).where(Contact.dropped_at.is_(None), or_(
        Contact.account_id == actor.id, and_(
            Contact.department_id.is_not(None), Contact.department_id == actor.department_id)))
        .order_by(Contact.id)))


def last_deliveries(session: Session, stage: str = "") -> list[Delivery]:
    """Return the last two hundred deliveries (of a stage), the newest first."""
    query = select(Delivery).options(joinedload(Delivery.notice)).order_by(Delivery.id.desc()).limit(2 * A_PAGE)
    return list(session.scalars(query.where(Delivery.stage == stage) if stage else query))
