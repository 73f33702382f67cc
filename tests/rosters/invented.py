"""Rows of every kind of roster as a register may hold them, made by Hypothesis."""

import re
from typing import Any

from hypothesis import strategies as st

from blocks.rosters.cells import Places, clean, is_blank
from blocks.rosters.columns import Field, Kind
from blocks.rules import uscc
from blocks.rules.formulas import SIGNS, unguard
from tests.rosters.conftest import COUNTIES

PLACES = Places(COUNTIES, "445200")
CITY = {"counties": COUNTIES, "city_code": "445200"}


def text_values(one: Field) -> st.SearchStrategy[str]:
    """Return texts as the register holds them: cleaned, and no word for nothing."""
    hostile = st.builds("".join, st.tuples(st.sampled_from([*SIGNS, "'", "<r>", "_x0041_", "—"]),
                                           st.text(max_size=12), st.sampled_from(["", "</r>"])))
    cleaned = st.one_of(st.text(max_size=30), hostile).map(clean).map(unguard)
    return cleaned.filter(lambda t: clean(t) == t and unguard(t) == t and not is_blank(one, t))


def code_values(one: Field) -> st.SearchStrategy[str]:
    return st.text("0123456789ABCabc-_=@+.", min_size=1, max_size=14).filter(
        lambda t: unguard(t) == t and not is_blank(one, t)
        and not re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", t))


def credit_codes(_: Field) -> st.SearchStrategy[str]:
    body = st.text(uscc.ALPHABET, min_size=9, max_size=9)
    return body.map(lambda b: "91445200" + b).map(lambda first: first + uscc.check_character(first))


MADE = {
    "text": text_values, "code": code_values, "uscc": credit_codes,
    "county": lambda _: st.sampled_from([*COUNTIES, "445200"]),
    "date": lambda _: st.dates(), "bool": lambda _: st.booleans(),
    "number": lambda _: st.integers(0, 999_999_999),
    "choice": lambda one: st.sampled_from(sorted(set(one.choices.values()))),
}


def values(one: Field) -> st.SearchStrategy[Any]:
    """Return values that a row of the register may have in this column."""
    if one.type == "list":
        single = MADE[one.of](one).filter(lambda t: not re.search(r"[、，,;；|]", str(t)))
        lists = st.lists(single, min_size=one.required, max_size=3, unique=True)
        return lists.filter(lambda many: not many or not is_blank(one, "、".join(many)))
    made = MADE[one.type](one)
    return made if one.required or one.derive or one.default is not None else made | st.none()


def rows_of(kind: Kind) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries({one.name: values(one) for one in kind.fields})
    unique = tuple((lambda r, names=names: tuple(str(r[n]) for n in names)) for names in kind.keys)
    return st.lists(row.map(lambda r: in_order(kind, r)), min_size=1, max_size=6, unique_by=unique)


def in_order(kind: Kind, row: dict[str, Any]) -> dict[str, Any]:
    for first, last in kind.order:
        if row[first] and row[last] and row[first] > row[last]:
            row[first], row[last] = row[last], row[first]
    return row
