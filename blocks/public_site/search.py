"""Search without a server: files that a page of the site loads, a handful for each question.

A name is found by its pairs of characters (bigrams), a code by six of its digits. For each such gram
the register holds the numbers of the businesses with it; a number says in which stretch of 256
businesses name and code stand. Grams lie in 1,024 shards, so that a new business changes about a
dozen small files and a question of five characters reads four shards and the stretches it shows.
The same arithmetic stands in templates/public/search.js.
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from blocks.register import published
from blocks.register.published import Publication, PublicBusiness, SearchGram

SHARDS = 1024
STRETCH = 256
MOST = 20_000  # numbers kept of a gram; a commoner one is not what somebody looks for
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def grams(name: str) -> set[str]:
    """Return the pairs of characters of a name, without blanks and punctuation."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", name).upper() if c.isalnum())
    return {plain[at:at + 2] for at in range(len(plain) - 1)}


def code_gram(uscc: str) -> str:
    """Return what a code is found by: `#` and six of its digits."""
    return f"#{uscc[10:16]}"


def shard(gram: str) -> int:
    """Return where a gram stands."""
    number = 0
    for character in gram:
        number = (number * 31 + ord(character)) % 65521
    return number % SHARDS


@dataclass(frozen=True)
class Touched:
    """The shards and the stretches of the index that a change concerns."""

    shards: frozenset[int]
    stretches: frozenset[int]


def enter(session: Session, acts: Sequence[Publication]) -> Touched:
    """Enter the businesses of new acts into the index: those it does not know, and new names."""
    names: dict[str, list[str]] = {}
    for act in acts:
        if act.act == "published" and act.uscc:
            names.setdefault(act.uscc, []).append(act.content["business"])
    there = {one.uscc: one for one in session.scalars(select(PublicBusiness).where(
        PublicBusiness.uscc.in_(names)))}
    last = session.scalar(select(func.max(PublicBusiness.number))) or 0
    new: dict[str, list[int]] = {}
    stretches = set()
    for uscc, said in names.items():
        known = there.get(uscc)
        if known is None:
            last += 1
            known = PublicBusiness(number=last, uscc=uscc, names=[])
            session.add(known)
            new.setdefault(code_gram(uscc), []).append(last)
        shown = [one for one in known.names if one not in said] + list(dict.fromkeys(said))
        if shown != known.names:
            stretches.add(known.number // STRETCH)
            for gram in _of_names(said) - _of_names(known.names):
                new.setdefault(gram, []).append(known.number)
            known.names = shown
    session.flush()
    _enter_grams(session, new)
    return Touched(frozenset(map(shard, new)), frozenset(stretches))


def _of_names(names: Iterable[str]) -> set[str]:
    return set().union(*map(grams, names))


def _enter_grams(session: Session, new: dict[str, list[int]]) -> None:
    if not new:
        return
    statement = insert(SearchGram)
    joined = SearchGram.numbers.op("||")(statement.excluded.numbers)
    session.execute(statement.on_conflict_do_update(index_elements=["gram"], set_={
        "numbers": func.trim_array(joined, func.greatest(0, func.cardinality(joined) - MOST)),
        "total": SearchGram.total + statement.excluded.total}), [
        {"gram": gram, "shard": shard(gram), "numbers": sorted(numbers)[:MOST], "total": len(numbers)}
        for gram, numbers in sorted(new.items())])


def rebuild(session: Session) -> None:
    """Make the index anew from what was published, in the order in which it was."""
    session.execute(delete(SearchGram))
    session.execute(delete(PublicBusiness))
    rows = session.execute(select(Publication.uscc, Publication.content["business"].astext).where(
        Publication.act == "published").order_by(Publication.id).execution_options(yield_per=10_000))
    names: dict[str, list[str]] = {}
    for uscc, name in rows:
        said = names.setdefault(uscc, [])
        if not said or said[-1] != name:
            names[uscc] = [one for one in said if one != name] + [name]
    index: dict[str, list[int]] = {}
    for number, (uscc, said) in enumerate(names.items(), 1):
        for gram in {code_gram(uscc)} | _of_names(said):
            index.setdefault(gram, []).append(number)
    published.fill_search(session, names, [
        (gram, shard(gram), numbers[:MOST], len(numbers)) for gram, numbers in index.items()])


def files(session: Session, touched: Touched) -> dict[str, bytes | None]:
    """Return the files of the index that a change concerns."""
    return of_shards(session, touched.shards) | of_stretches(session, touched.stretches)


def every_shard() -> range:
    return range(SHARDS)


def every_stretch(session: Session) -> range:
    last = session.scalar(select(func.max(PublicBusiness.number)))
    return range(0 if last is None else last // STRETCH + 1)


def of_shards(session: Session, numbers: Iterable[int]) -> dict[str, bytes | None]:
    """Return these shards: {gram: [how many, numbers as differences in base 36]}."""
    found: dict[int, dict[str, list]] = {}
    for row in session.execute(select(SearchGram.gram, SearchGram.shard, SearchGram.numbers,
                                      SearchGram.total).where(
            SearchGram.shard.in_(list(numbers))).order_by(SearchGram.gram)):
        found.setdefault(row.shard, {})[row.gram] = [row.total, _packed(row.numbers)]
    return {f"search/g/{number}.js": _call("grams", number, told) for number, told in found.items()}


def of_stretches(session: Session, numbers: Iterable[int]) -> dict[str, bytes | None]:
    """Return these stretches: [code, name, former names …] of 256 businesses."""
    made = {}
    for number in numbers:
        first = number * STRETCH
        rows = session.scalars(select(PublicBusiness).where(PublicBusiness.number.between(
            first, first + STRETCH - 1)).order_by(PublicBusiness.number))
        made[f"search/b/{number}.js"] = _call("businesses", number, {
            one.number - first: [one.uscc, *one.names[::-1]] for one in rows})
    return made


def _call(what: str, number: int, told: dict) -> bytes:
    """Return a script that hands data to search.js: so the index is read from plain files, too."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return f"choucha.{what}({number},{text})\n".encode()


def _packed(numbers: Sequence[int]) -> str:
    """Return numbers, in rising order, as their differences in base 36, parted by blanks."""
    rising = sorted(numbers)
    return " ".join(_base36(here - before) for before, here in zip([0, *rising], rising, strict=False))


def _base36(number: int) -> str:
    text = ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text
