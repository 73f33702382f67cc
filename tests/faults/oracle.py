"""What must hold after every schedule: nothing lost, nothing twice, nothing stuck, and every invariant."""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw import pairing_verifier, verifier
from blocks.public_site.files import tree
from blocks.public_site.pages import NEVER_CHANGE
from blocks.register import deliveries, trail
from blocks.register.database import transaction
from blocks.register.draws import Draw, public_files
from blocks.register.due import Work, find
from blocks.register.guard import Submission
from blocks.register.notices import Notice
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import TrailLine
from tests.faults.world import World


class Broken(Exception):
    """`kind`: lost, twice, stuck or wrong."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(f"{kind}: {what}")
        self.kind = kind


def ask(world: World) -> None:
    """Ask everything.

    Raises:
        Broken: the first thing that does not hold.
    """
    with transaction() as session:
        _trail(session)
        _lost(session, world)
        _twice(session, world)
        _stuck(session)
        _draws(session)


def _trail(session: Session) -> None:
    _, wrong = trail.verify(session)
    if wrong:
        raise Broken("wrong", f"trail: {wrong}")


def _lost(session: Session, world: World) -> None:
    """Whoever was told "done" finds it in the register, and no line that was committed is gone or changed."""
    there = dict(session.execute(select(TrailLine.number, TrailLine.hash)).tuples().all())
    for number, hash_ in world.heads:
        if there.get(number) != hash_:
            raise Broken("lost", f"line {number} of the trail")
    taken = {key for (key,) in session.execute(select(Submission.key))}
    for key, sent in world.submissions.items():
        if sent.told and key not in taken:
            raise Broken("lost", f"{key} {sent.name}")


def _twice(session: Session, world: World) -> None:
    for key, sent in world.submissions.items():
        if len(sent.heads) > 1:
            raise Broken("twice", f"{key} {sent.name}: lines {sent.heads}")
    for (id_, address), repeats in world.sent.items():
        if not all(repeats[1:]):
            raise Broken("twice", f"{id_} to {address} went out {len(repeats)} times, unmarked")
    open_ones = Counter(session.scalars(select(Draw.scheme_id).where(Draw.stage != "void")))
    if any(number > 1 for number in open_ones.values()):
        raise Broken("twice", f"draws of schemes {open_ones}")


def _stuck(session: Session) -> None:
    """Nothing is due, save what a person was told of today."""
    for work in find(session):
        if not _waits_for_a_person(session, work):
            raise Broken("stuck", f"{work}")
    for delivery in session.scalars(select(deliveries.Delivery).where(deliveries.Delivery.stage.in_(deliveries.OPEN))):
        if delivery.next_at <= settings.now():
            raise Broken("stuck", f"delivery {delivery.id}")


def _waits_for_a_person(session: Session, work: Work) -> bool:
    """A department too short of people, or a result that may not be public, was told to people."""
    kind = {"acceptance": "shortage", "publicity": "refused"}.get(work.flow)
    return kind is not None and session.scalar(select(Notice.id).where(
        Notice.scheme_id == work.scheme_id, Notice.kind == kind).limit(1)) is not None


def _draws(session: Session) -> None:
    """Every sealed draw stands on the public site to the byte, and a stranger's verifiers agree."""
    sealed = list(session.scalars(select(Draw).where(Draw.seal.is_not(None)).order_by(Draw.id)))
    for draw in sealed:
        folder = f"draws/{draw.scheme.code}-{draw.number}"
        for name, content in public_files(session, draw.id).items():
            moves_on = name not in NEVER_CHANGE and draw.scheme.stage != "publicised"
            if not moves_on and tree().read(f"{folder}/{name}") != content:
                raise Broken("stuck", f"{folder}/{name} on the public site")
        if draw.stage == "drawn":
            told = [*verifier.verify(tree().public / folder), *pairing_verifier.verify(tree().public / folder)]
            if wrong := [line for line in told if not line[2]]:
                raise Broken("wrong", f"verifier: {wrong}")


def at_its_end(session: Session, code: str) -> None:
    """The inspection was carried to its end, or people ended it.

    Raises:
        Broken: it stands somewhere on the way although nobody has anything more to do.
    """
    stage = find_scheme(session, code).stage
    if stage not in ("publicised", "cancelled"):
        raise Broken("stuck", f"the inspection at {stage}")


