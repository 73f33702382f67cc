"""Tell the provincial platform what waits for it (平台交换): claimed, handed over, settled, one by one.

Nothing is open in the register while the platform is spoken to. Dying in between leaves a line that
is asked about before it is sent again.
"""

from collections import Counter
from datetime import timedelta

from blocks import engine, settings
from blocks.errors import NotAnswering, NotTaken, Refused, Unsure
from blocks.gateway.block import Gateway
from blocks.gateway.reconciling import reconcile as compare_all
from blocks.register import exchanges, notices
from blocks.register.exchanges import BY_FILE, Exchange
from blocks.rules.stages import Actor, label

TELL_AFTER = 3  # tries in vain


def hand_over(scheme_id: int, actor: Actor) -> str | None:
    """Hand over what a scheme has to tell the platform, what joins it meanwhile and what the platform, asked, never
    had; stop where that is away, and leave to another run what that has in hand.
    """
    if settings.get().platform == "off":
        return None
    gateway = Gateway.in_use()
    stands: dict[int, str] = {}
    while waiting := _waiting(scheme_id) - {id_ for id_, stage in stands.items() if not stage}:
        for id_ in sorted(waiting):
            stands[id_], is_away = _one(id_, gateway, actor)
            if is_away:
                return _told(stands)
    return _told(stands)


def _waiting(scheme_id: int) -> set[int]:
    with engine.change() as session:
        return set(exchanges.waiting(session, scheme_id))


def _told(stands: dict[int, str]) -> str | None:
    done = Counter(stage for stage in stands.values() if stage)
    return "，".join(f"{label('exchange', stage)}{number}件" for stage, number in done.items()) or None


def reconcile(actor: Actor) -> str | None:
    """Compare both sides; nothing where the city has no platform, or only files."""
    return None if settings.get().platform == "off" else compare_all(Gateway.in_use(), actor)


def _one(id_: int, gateway: Gateway, actor: Actor) -> tuple[str, bool]:
    """Take one exchange as far as it can go now; return the stage it stands in, "" where it is not due, and
    whether the platform was away."""
    with engine.change() as session:
        if exchanges.tried_since(session, settings.now() - timedelta(minutes=1)) >= gateway.per_minute:
            return "", True  # the sweep goes on with the rest
        claimed = exchanges.claim(session, id_, gateway.mode, actor)
        if claimed is None:
            return "", False
        one, ask = claimed
        key = one.scheme.code, one.key  # read before the session ends
    outcome = _spoken(one, ask, gateway)
    with engine.change() as session:
        if outcome is None and not ask:
            session.get_one(Exchange, id_).receipt = gateway.file(one).name
        else:
            exchanges.settle(session, id_, outcome, actor)
        stands = session.get_one(Exchange, id_)
        if isinstance(outcome, NotTaken) and (isinstance(outcome, Refused) or stands.tries >= TELL_AFTER):
            notices.queue(session, f"platform:{settings.today()}:{str(outcome)[:60]}", "platform",
                          f"省级平台：{key[0]} 没有报送成功", f"{outcome}\n报送编号 {key[1]}。"
                          "本地的检查不受影响；请在门户「平台交换」中查看。", scheme_id=stands.scheme_id)
        return stands.stage, exchanges.is_away(outcome)


def _spoken(one: Exchange, ask: bool, gateway: Gateway) -> str | NotTaken | None:
    try:
        return gateway.ask(one) if ask else gateway.give(one)
    except NotTaken as told:
        return told
    except NotAnswering as error:  # an address or a certificate that cannot be used: nothing was said
        return NotTaken(error.message)
    except OSError as error:
        return Unsure(f"没有写成：{error}") if gateway.mode != BY_FILE else NotTaken(f"工作簿没有写成：{error}")
