"""The publisher of the site can read nothing private, and nothing private is ever written."""

import os

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from blocks import settings
from blocks.errors import RuleViolation
from blocks.public_site import building, results
from blocks.public_site.files import put, tree
from blocks.register import Base
from blocks.register.database import engine, transaction
from blocks.register.published import _VIEWS, ROLE, as_publisher
from blocks.rules.disclosure import scan
from tests.site.large import PLANTED, fill

READABLE = {"publications", "public_businesses", "search_grams", "chain", "item_versions", "inspection_items"}
IN_PART = {"departments": ("id", "code", "name", "short_name"), "catalogue_editions": ("number", "made_at")}


def may_read(what: str, of: str) -> bool:
    with engine(settings.database_url()).connect() as connection:
        connection.execute(text(f"SET ROLE {ROLE}"))
        try:
            connection.execute(text(f'SELECT {what} FROM "{of}" LIMIT 1')).all()
        except ProgrammingError as error:
            assert "permission denied" in str(error)
            return False
        finally:
            connection.rollback()
            connection.execute(text("RESET ROLE"))
        return True


def test_the_publisher_reads_what_is_public_and_no_column_more(register):
    tables = set(Base.metadata.tables)
    assert {name for name in tables if may_read("*", name)} - set(IN_PART) == READABLE
    assert len(tables) > 40
    columns = {(name, column.name) for name, table in Base.metadata.tables.items()
               for column in table.columns if name not in READABLE and may_read(f'"{column.name}"', name)}
    assert columns == {(name, column) for name, some in IN_PART.items() for column in some}
    assert all(may_read("*", view) for view in _VIEWS.tables)


@pytest.mark.parametrize("statement", [
    "INSERT INTO publications (check_id) VALUES (1)", "UPDATE schemes SET name = ''",
    "DELETE FROM public_businesses", "CREATE TABLE x (y int)"])
def test_the_publisher_writes_nothing(register, statement):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction() as session, as_publisher(
            session):
        session.execute(text(statement))


def test_no_view_holds_a_name_an_address_or_a_number_of_a_person(ready):
    with transaction() as session:
        session.execute(text("UPDATE targets SET legal_representative = '欧阳某某', address = '样例路88号'"))
        session.execute(text("UPDATE check_records SET finding = '机密线索13912345678', review_reason = '欧阳某某'"))
        people = session.scalars(text("SELECT name FROM inspectors UNION SELECT name FROM accounts "
                                      "WHERE name NOT LIKE '系统%'")).all()
        for view in _VIEWS.tables:
            if view == "public_draw_files":
                continue  # codes and digests, as they were sealed
            rows = " ".join(session.scalars(text(f"SELECT v::text FROM {view} v")))
            assert [word for word in (*PLANTED, *people) if word in rows] == [], view


@pytest.mark.parametrize(("name", "representative", "uscc", "shown"), [
    ("揭阳市榕城区阿三小吃店", "张三", "92445202MA4UQ7C31X", True),
    ("张三", "张三", "92445202MA4UQ7C31X", False),
    ("张 三", "张三", "92445202MA4UQ7C31X", False),
    ("欧阳小明", "欧阳小明", "92445202MA4UQ7C31X", False),
    ("李四", "", "92445202MA4UQ7C31X", False),
    ("老字号", "王五", "91445202MA4UQ7C31X", True),
    ("张三律师事务所", "张三", "31440000MD0000000X", True),
    ("张三", "张三", "91445202MA4UQ7C31X", False)])
def test_a_household_is_shown_by_its_business_name_never_by_a_persons(register, name, representative, uscc, shown):
    with transaction() as session:
        told = session.scalar(text("SELECT public_name(:name, :representative, :uscc)"), {
            "name": name, "representative": representative, "uscc": uscc})
    assert (told == name) is shown
    if not shown:
        assert told == "个体工商户（以经营者姓名登记，姓名不公开）"


def test_a_planted_word_is_found_wherever_it_is_written(register, monkeypatch):
    monkeypatch.setenv("CHOUCHA_CANARIES", "金丝雀甲 金丝雀乙")
    settings.get.cache_clear()
    for path in ("businesses/1.html", "draws/1/pairing.json", "search/b/1.js"):
        with pytest.raises(RuleViolation, match=r"不得公开的内容（金\*+）"):
            put({path: "前言金丝雀乙后语".encode()})
    assert not tree()


def test_a_public_figure_of_a_draw_may_look_like_a_card_but_no_identity_number_passes(register):
    put({"draws/1/seed.txt": b"6222021234567890128 13912345678\n"})
    with pytest.raises(RuleViolation, match="居民身份证号码"):
        put({"draws/1/pool.tsv": b"440105199003071235\tB\n"})


def test_very_many_public_files_made_of_private_records_leak_nothing(ready):
    """`make publicity` looks at 100,000 of them."""
    today, wanted = settings.today(), int(os.environ.get("FILES", "4000"))
    checks = fill(wanted // 2, today)
    with transaction() as session:
        for start in range(0, len(checks), 5000):
            some = checks[start:start + 5000]
            with as_publisher(session):
                acts, refused = results.publications(
                    session, {id_: [1] for id_ in some}, dict.fromkeys(some, today), today)
            assert not refused
            session.add_all(acts)
            session.flush()
            session.expunge_all()
        number = building.rebuild(session)
    assert number > wanted
    looked, leaks = 0, []
    for path in tree().files():
        content = tree().read(path).decode()
        looked += 1
        leaks += [(path, word) for word in PLANTED if word in content]
        if looked % 97 == 0 and not path.startswith("draws/"):
            leaks += [(path, leak) for leak in scan(content)]  # and once more, with other eyes
    assert looked > wanted
    assert leaks == []
