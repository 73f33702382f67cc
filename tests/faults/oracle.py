"""What must hold after every schedule: nothing lost, nothing twice, nothing stuck, and every invariant."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw import pairing_verifier, verifier
from blocks.public_site.files import tree
from blocks.public_site.pages import NEVER_CHANGE
from blocks.public_site.results import as_json
from blocks.register import deliveries, published, trail
from blocks.register.database import transaction
from blocks.register.draws import Draw, public_files
from blocks.register.due import Work, find
from blocks.register.exchanges import Exchange
from blocks.register.guard import Submission
from blocks.register.invariants import INVARIANTS, breaking, references
from blocks.register.notices import Notice
from blocks.register.schemes import scheme as find_scheme
from blocks.register.trail import TrailLine
from tests.faults.world import World

# What the migrations made and nobody may take away.
CATALOGUE = """WITH ours AS (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
SELECT md5(string_agg(said, '|' ORDER BY said)) FROM (
    SELECT concat(conrelid::regclass, conname, pg_get_constraintdef(oid)) AS said FROM pg_constraint
        WHERE conrelid IN (SELECT oid FROM ours)
    UNION ALL SELECT concat(pg_get_indexdef(indexrelid), indisvalid) FROM pg_index
        WHERE indrelid IN (SELECT oid FROM ours)
    UNION ALL SELECT concat(tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat(attrelid::regclass, attname, attnotnull) FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM ours)
) AS all_of_it"""


class Broken(Exception):
    """`kind`: lost, twice, stuck or wrong."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(f"{kind}: {what}")
        self.kind = kind


def catalogue(session: Session) -> str:
    """Return a digest of every constraint, index, trigger and column."""
    return session.scalar(text(CATALOGUE))


def ask(world: World) -> None:
    """Ask everything.

    Raises:
        Broken: the first thing that does not hold.
    """
    with transaction() as session:
        _trail(session)
        _lost(session, world)
        _twice(session, world)
        _rules(session, world)
        _stuck(session)
        _told(session, world)
        _draws(session)
        _results(session)


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
    taken = set(session.scalars(select(Submission.key)))
    for key, sent in world.submissions.items():
        if sent.told and key not in taken:
            raise Broken("lost", f"{key} {sent.name}")


def _twice(session: Session, world: World) -> None:
    for key, sent in world.submissions.items():
        if len(sent.heads) > 1:
            raise Broken("twice", f"{key} {sent.name}: lines {sent.heads}")
    if world.province.twice:
        raise Broken("twice", f"the province was told again {world.province.twice}")
    for (id_, address), repeats in world.sent.items():
        if not all(repeats[1:]):
            raise Broken("twice", f"{id_} to {address} went out {len(repeats)} times, unmarked")


def _rules(session: Session, world: World) -> None:
    if catalogue(session) != world.catalogue:
        raise Broken("wrong", "a constraint, an index, a trigger or a column is not as the migrations made it")
    # references hold by the foreign keys, which the catalogue has just shown to be there
    if rows := [row for one in INVARIANTS if one not in references.INVARIANTS for row in breaking(session, one)]:
        raise Broken("wrong", "; ".join(f"{one.invariant.name} {one.thing} {one.id}: {one.what}" for one in rows[:5]))


def _stuck(session: Session) -> None:
    """Nothing is due, save what a person was told of."""
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


def _told(session: Session, world: World) -> None:
    """What has a receipt is what the province has taken, and it has nothing that nobody told it."""
    told = dict(session.execute(select(Exchange.key, Exchange.sha).where(
        Exchange.stage == "acknowledged", Exchange.by == "http")).tuples().all())
    taken = {key: one["sha"] for key, one in world.province.taken.items()}
    known = set(session.scalars(select(Exchange.key)))
    for key in [key for key, sha in told.items() if taken.get(key) != sha and key not in world.province.forgotten]:
        raise Broken("lost", f"{key} has a receipt and is not there")
    for key in sorted(taken.keys() - known):
        raise Broken("wrong", f"the province was told {key}, which the register does not know")


def _draws(session: Session) -> None:
    """Every sealed draw stands on the public site to the byte, and a stranger's verifiers agree."""
    sealed = list(session.scalars(select(Draw).where(Draw.seal.is_not(None)).order_by(Draw.id)))
    for draw in sealed:
        folder, files = f"draws/{draw.scheme.code}-{draw.number}", public_files(session, draw.id)
        for name, content in files.items():
            moves_on = name not in NEVER_CHANGE and draw.scheme.stage != "publicised"
            if not moves_on and tree().read(f"{folder}/{name}") != content:
                raise Broken("stuck", f"{folder}/{name} on the public site")
        if draw.stage == "drawn":
            told = verifier.verify(tree().public / folder)
            if "pairing.json" in files:  # a scheme may be cancelled before anybody is paired
                told = [*told, *pairing_verifier.verify(tree().public / folder)]
            if wrong := [line for line in told if not line[2]]:
                raise Broken("wrong", f"verifier: {wrong}")


def _results(session: Session) -> None:
    """The public site shows what the register says is public, and no other result."""
    wanted = {act.path: as_json(act.content) for act in published.latest_acts(session)}
    shown = {path for path in tree().files() if path.startswith("results/") and path.endswith(".json")}
    for path in sorted(shown ^ wanted.keys()):
        raise Broken("wrong", f"{path} {'is public and not in the register' if path in shown else 'is not public'}")
    for path, content in wanted.items():
        if tree().read(path) != content:
            raise Broken("wrong", f"{path} on the public site is not what the register says")


def at_its_end(session: Session, code: str) -> None:
    """The inspection was carried to its end, or people ended it.

    Raises:
        Broken: it stands somewhere on the way although nobody has anything more to do.
    """
    stage = find_scheme(session, code).stage
    if stage not in ("publicised", "cancelled"):
        raise Broken("stuck", f"the inspection at {stage}")
