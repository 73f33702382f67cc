"""Changing the site: who else would is waited for, what is read is public, what is written is scanned.

Each function ends with the site switched and read back, or raises with the site as it was. The lock
is kept until the caller's transaction ends: the site and the register change in the same order.
"""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import event
from sqlalchemy.orm import Session

from blocks import settings
from blocks.errors import NotAnswering
from blocks.public_site import feed, foreseen, front, pages, search
from blocks.public_site.files import put, tree
from blocks.public_site.results import as_json
from blocks.public_site.tree import Tree
from blocks.register import published
from blocks.register.draws import names_of_files
from blocks.register.published import Publication, as_publisher


def is_missing() -> bool:
    """Tell whether there is no site: it was never made, or it was deleted."""
    return not tree()


def publish(session: Session, acts: Sequence[Publication], stages: dict[int, str]) -> None:
    """Show new acts of publicity and whatever they change. `stages`: what a scheme is just reaching.

    Raises:
        RuleViolation: a page would hold personal data.
        NotAnswering: the disk did not take it.
    """
    touched, left = search.enter(session, acts), _notes()
    is_wrong = _shows_wrong(session, left)
    _note(session, [act.path for act in acts], left)
    if is_wrong or not tree():
        rebuild(session, stages)
        return
    with as_publisher(session):
        changed = pages.after_acts(session, acts, stages, tree()) | search.files(session, touched)
        for scheme_id in {act.scheme_id for act in acts} | set(stages):
            changed |= pages.of_scheme(session, scheme_id, stages.get(scheme_id))
            changed |= pages.of_draws(session, scheme_id, there=tree())
    put(changed)


def _notes() -> list[Path]:
    """Return the notes of which results were about to be shown: who holds the lock finds those of the dead."""
    return sorted((settings.state_dir() / "unsettled").glob("*.json"))


def _note(session: Session, paths: Sequence[str], left: Sequence[Path]) -> None:
    """Note beside the site which results are about to be shown, until the transaction has ended well; the notes
    that were `left` by the dead are settled by then, too."""
    folder = settings.state_dir() / "unsettled"
    folder.mkdir(exist_ok=True)
    own = folder / f"{uuid4().hex}.json"
    with own.open("w") as note:
        json.dump(paths, note)
        note.flush()
        os.fsync(note.fileno())
    event.listen(session, "after_commit", lambda _: _forget([own, *left]), once=True)


def _forget(notes: Sequence[Path]) -> None:
    for note in notes:
        note.unlink(missing_ok=True)


def _named(note: Path) -> list[str]:
    """Return the results that a note names; who has ended well takes it away, who died writing it showed none."""
    try:
        return json.loads(note.read_text())
    except (FileNotFoundError, ValueError):
        return []


def _shows_wrong(session: Session, notes: Sequence[Path]) -> bool:
    """Tell whether the site shows a noted result otherwise than the register: its run died before the commit,
    and somebody may since have asked to withhold it."""
    paths = [path for note in notes for path in _named(note)]
    if not paths:
        return False
    told = {act.path: as_json(act.content) for act in published.acts(session, Publication.path.in_(paths))}
    return any(tree().read(path) != told.get(path) for path in paths)


def settle(session: Session) -> bool:
    """Take down what was shown by runs that died and what the register does not call public; return whether
    there was anything."""
    if not _notes():
        return False
    published.alone(session)  # who is just publishing ends first
    left = _notes()
    is_wrong = _shows_wrong(session, left)
    if is_wrong:
        rebuild(session)
    _forget(left)
    return is_wrong


def show_scheme(session: Session, scheme_id: int) -> None:
    """Show how a scheme and its draws stand now."""
    published.alone(session)
    if not tree():
        rebuild(session)
        return
    with as_publisher(session):
        changed = (pages.of_scheme(session, scheme_id) | pages.of_draws(session, scheme_id, there=tree())
                   | front.pages(session, {}))
    put(changed)


def without_draws(session: Session, since: datetime) -> list[int]:
    """Return the schemes with a draw, moved `since`, of whose files the site lacks some."""
    there, names = tree(), (*pages.NEVER_CHANGE, "pairing.json", "void.json")
    return sorted({scheme_id for scheme_id, code, number, name in names_of_files(session, names, since)
                   if f"draws/{code}-{number}/{name}" not in there})


def show_foreseen(session: Session) -> None:
    """Show the catalogue and the year's plans as they stand now."""
    published.alone(session)
    if not tree():
        rebuild(session)
        return
    with as_publisher(session):
        changed = foreseen.texts(session) | front.pages(session, {})
    put(changed)


def show_figures(session: Session) -> int:
    """Make what is made once a night; delete what is no longer served; return how many folders."""
    published.alone(session)
    if not tree():
        rebuild(session)
    with as_publisher(session):
        changed = pages.of_the_night(session, tree()) | front.pages(session, {}) | feed.atom(session)
    put(changed)
    return tree().tidy()


def rebuild(session: Session, stages: dict[int, str] | None = None) -> int:
    """Write the whole site beside the old one, from the register alone, then switch; return how many
    files there are.

    Raises:
        RuleViolation, NotAnswering: as above; the old site is still served.
    """
    published.alone(session)
    search.rebuild(session)
    served = tree()
    new = Tree(served.public.with_name("public-next"), served=False)
    number = 0
    try:
        new.public.unlink(missing_ok=True)
        with as_publisher(session):
            for batch in pages.everything(session, stages or {}):
                number += len(batch)
                put(batch, new)
        served.take_over(new)
    except OSError as error:
        raise NotAnswering(f"公示网站没有写成：{error.strerror or error}",
                           "原来的网站没有改动；请检查磁盘空间和状态目录的权限") from error
    finally:
        new.public.unlink(missing_ok=True)
    return number
