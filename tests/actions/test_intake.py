"""Rosters taken into the register: all rows or none, the same file once (G10)."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from blocks import settings
from blocks.actions import intake
from blocks.errors import NotFound, RosterError, RuleViolation
from blocks.register.database import transaction
from blocks.register.directories import Department, Interest, RosterIntake, Target, TargetListing
from blocks.rules import uscc
from tests.scenes import everything, refused

SAMPLE = settings.CONFIG / "sample"


def sample_rows(kind: str) -> list[str]:
    return (SAMPLE / f"{kind}.csv").read_text("utf-8-sig").splitlines()


@pytest.fixture
def roster(tmp_path):
    """Return a function that writes the heading and these rows of a sample roster."""

    def write(kind: str, rows: list[str], heading: str = "") -> Path:
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join([heading or sample_rows(kind)[0], *rows]) + "\n", "utf-8")
        return path

    return write


def new_target(number: int = 0, **changes: str) -> str:
    """Return a row of a business that the sample city does not have."""
    row = sample_rows("targets")[1].split(",")
    first17 = f"91445200YL44{9901 + number}"
    organisation = first17[8:16]
    first17 = first17[:16] + uscc.organisation_check_character(organisation)
    row[0] = first17 + uscc.check_character(first17)
    row[1] = f"样例·新旅馆{number}"
    for name, value in changes.items():
        row[int(name.removeprefix("c"))] = value
    return ",".join(row)


def count(model: type) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_the_same_file_again_changes_nothing(look):
    look("sample")
    before = everything()
    again = intake.take("bangong", "targets", SAMPLE / "targets.csv")
    assert again.seen_before
    assert everything() == before


def test_rows_in_are_rows_taken_and_returned(open_scene, roster):
    open_scene("sample")
    before = count(Target)
    bad = new_target(1)
    path = roster("targets", [new_target(0), bad[:17] + ("0" if bad[17] != "0" else "1") + bad[18:]])
    with refused("什么都没有改动", RosterError):
        intake.take("bangong", "targets", path)
    taken = intake.take("bangong", "targets", path, accept_valid=True)
    assert (taken.rows_in, taken.taken, len({p.row for p in taken.problems})) == (2, 1, 1)
    assert count(Target) == before + 1
    with transaction() as session:
        entry = session.scalars(select(RosterIntake).order_by(RosterIntake.id.desc()).limit(1)).one()
    assert entry.rows_taken + entry.rows_returned == taken.rows_in == 2


def test_a_wrong_check_digit_is_named_with_its_row(look, roster):
    look("sample")
    good = new_target()
    path = roster("targets", [good, good[:17] + ("0" if good[17] != "0" else "1") + good[18:]])
    with pytest.raises(RosterError) as refused_:
        intake.take("bangong", "targets", path)
    assert any(p.row == 3 and "校验位" in p.wrong for p in refused_.value.problems)


def test_a_business_twice_in_one_file_is_returned(look, roster):
    look("sample")
    with refused("没有导入", RosterError):
        intake.take("bangong", "targets", roster("targets", [new_target(), new_target()]))


def test_a_missing_column_is_named(look, roster):
    look("sample")
    with refused("没有导入", RosterError):
        intake.take("bangong", "targets", roster("targets", ["样例·某旅馆,445222"], "名称,所在区县"))


def test_a_file_of_which_nothing_is_right_takes_nothing_even_if_asked(look, roster):
    look("sample")
    with refused("没有导入", RosterError):
        intake.take("bangong", "targets", roster("targets", ["x,y,z,,,,,,,,,"]), accept_valid=True)


def test_a_row_that_was_returned_is_taken_once_what_it_lacked_is_there(open_scene, roster):
    open_scene("sample")
    rows = [new_target(0), new_target(1, c11="xinju")]
    path = roster("targets", rows)
    assert intake.take("bangong", "targets", path, accept_valid=True).taken == 1
    intake.take("bangong", "departments", roster(
        "departments", [*sample_rows("departments")[1:], "xinju,市新设局,新设"]))
    again = intake.take("bangong", "targets", path)
    assert (again.taken, again.seen_before) == (2, False)
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(TargetListing).join(
            Department, Department.id == TargetListing.department_id).where(
            Department.code == "xinju")) == 1
    assert intake.take("bangong", "targets", path).seen_before


@pytest.mark.parametrize(("login", "kind", "said", "error"), [
    (None, "targets", "请写明由谁导入", RuleViolation),
    (None, "departments", "请写明由谁导入", RuleViolation),
    ("nobody", "targets", "没有账号", NotFound),
    ("gaj.jingban", "accounts", "不能导入这类名录", RuleViolation),
    ("gaj.shenpi", "items", "不能导入这类名录", RuleViolation),
    ("gaj.jingban", "departments", "不能导入这类名录", RuleViolation),
    ("gaj.01", "targets", "不能导入这类名录", RuleViolation),
    ("jiandu", "interests", "不能导入这类名录", RuleViolation),
    ("bangong", "horses", "没有「horses」这种名录", NotFound),
])
def test_who_may_not_import_takes_in_nothing(look, login, kind, said, error):
    look("sample")
    path = SAMPLE / (f"{kind}.csv" if kind != "horses" else "targets.csv")
    with refused(said, error):
        intake.take(login, kind, path)


def test_an_empty_register_is_set_up_without_an_account_until_there_are_people(open_scene):
    open_scene("empty")
    for kind in ("departments", "items", "inspectors"):
        assert intake.take(None, kind, SAMPLE / f"{kind}.csv").taken
    assert intake.take(None, "accounts", SAMPLE / "accounts.csv").taken == 79
    with refused("请写明由谁导入", RuleViolation):
        intake.take(None, "targets", SAMPLE / "targets.csv")


def test_an_interest_in_a_business_or_of_a_person_nobody_knows_is_returned(look, roster):
    look("sample")
    row = sample_rows("interests")[1].split(",")
    for bad in (["YL99999999", *row[1:]], [row[0], new_target().split(",")[0], row[2]]):
        with refused("没有导入", RosterError):
            intake.take("bangong", "interests", roster("interests", [",".join(bad)]))
    assert count(Interest) == 6


def test_an_unknown_directory_is_refused(look):
    look("sample")
    with refused("没有代码为「nobody」的部门", NotFound):
        intake.take("bangong", "targets", SAMPLE / "targets.csv", directory="nobody")
