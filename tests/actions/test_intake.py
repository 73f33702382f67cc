"""Rosters taken into the register: all rows or none, the same file once (G10)."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from blocks import settings
from blocks.actions import intake
from blocks.errors import NotFound, RosterError, RuleViolation
from blocks.register.database import transaction
from blocks.register.directories import (
    Department,
    Inspector,
    Interest,
    RosterIntake,
    Target,
    TargetListing,
)
from blocks.rules import uscc
from blocks.steps import nightshift
from tests.scenes import everything, on_day, refused

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


def target(uscc_: str) -> Target:
    with transaction() as session:
        return session.scalars(select(Target).where(Target.uscc == uscc_)).one()


def test_what_a_file_has_no_column_for_stays_as_the_register_knows_it(open_scene, roster):
    open_scene("sample")
    with transaction() as session:
        known = session.scalars(select(Target).where(Target.legal_representative != "").limit(1)).one()
    path = roster("targets", [f"{known.uscc},样例·新名字,wjj"], "统一社会信用代码,名称,监管部门")
    report = intake.take("bangong", "targets", path)
    assert (report.added, report.changed) == (0, 1)
    after = target(known.uscc)
    assert after.name == "样例·新名字"
    assert (after.legal_representative, after.address, after.kind, after.risk_class) == (
        known.legal_representative, known.address, known.kind, known.risk_class)


def test_a_rehearsal_says_what_would_happen_and_changes_nothing(open_scene, roster):
    open_scene("sample")
    before = everything()
    report = intake.take("bangong", "targets", roster("targets", [new_target()]), rehearse=True)
    assert (report.added, report.is_rehearsal) == (1, True)
    assert everything() == before


def test_whoever_is_shown_what_was_understood_may_say_no(open_scene, roster):
    open_scene("sample")
    before, shown = everything(), []
    with refused("没有导入", RuleViolation):
        intake.take("bangong", "targets", roster("targets", [new_target()]),
                    agree=lambda report: bool(shown.append(report)))
    assert everything() == before
    (report,) = shown
    assert report.understood[0].row == 1 and report.examples[0]["name"] == "样例·新旅馆0"


def test_a_full_list_names_who_leaves_and_deactivates_them_without_deleting(open_scene, roster):
    open_scene("sample")
    rows = [row for row in sample_rows("inspectors")[1:] if ",gaj," in row]
    path = roster("inspectors", rows[1:])
    shown = intake.take("bangong", "inspectors", path, full=True, rehearse=True)
    assert len(shown.leaving) == 1 and rows[0].split(",")[0] in shown.leaving[0]
    before = count(Inspector)
    intake.take("bangong", "inspectors", path, full=True)
    with transaction() as session:
        gone = session.scalars(select(Inspector).where(~Inspector.active)).all()
    assert [one.certificate_no for one in gone] == [rows[0].split(",")[0]]
    assert count(Inspector) == before
    intake.take("bangong", "inspectors", roster("inspectors", rows))
    with transaction() as session:
        assert not session.scalars(select(Inspector).where(~Inspector.active)).all()


def test_a_full_list_of_a_directory_ends_only_that_departments_listings(open_scene, roster):
    open_scene("sample")
    with transaction() as session:
        listed = dict(session.execute(select(Department.code, func.count()).join(
            TargetListing, TargetListing.department_id == Department.id).group_by(Department.code)).all())
    before = count(Target)
    path = roster("targets", [new_target()[:18] + ",样例·独一家"], "统一社会信用代码,名称")
    report = intake.take("bangong", "targets", path, directory="wjj", full=True)
    assert len(report.leaving) == listed["wjj"]
    with transaction() as session:
        after = dict(session.execute(select(Department.code, func.count()).join(
            TargetListing, TargetListing.department_id == Department.id).group_by(Department.code)).all())
    assert after == {**listed, "wjj": 1}
    assert count(Target) == before + 1


def test_leave_has_no_full_list(look, roster):
    look("sample")
    with refused("没有整份替换", RuleViolation):
        intake.take("bangong", "leave", roster("targets", []), full=True)


def test_a_drafter_takes_in_the_people_of_the_own_department_only(look, roster):
    look("sample")
    rows = sample_rows("inspectors")[1:]
    police, market = (next(row for row in rows if f",{code}," in row) for code in ("gaj", "scjg"))
    with pytest.raises(RosterError) as others:
        intake.take("gaj.jingban", "inspectors", roster("inspectors", [police, market]))
    assert {p.row for p in others.value.problems} == {3}
    stolen = market.replace(",scjg,", ",gaj,")
    with pytest.raises(RosterError) as moved:
        intake.take("gaj.jingban", "inspectors", roster("inspectors", [stolen]))
    assert "其他部门" in moved.value.problems[0].wrong


def test_lists_of_others_set_what_the_directory_says_of_a_business(open_scene, roster):
    open_scene("sample")
    with transaction() as session:
        one, two, three = session.scalars(select(Target).where(
            ~Target.on_abnormal_list).order_by(Target.id).limit(3)).all()
    rows = [f"{one.name},{one.uscc},2026-03-01,,未按规定公示年度报告,样例机关",
            f"{two.name},,2026-03-01,,通过登记的住所无法联系,样例机关",
            f"{three.name},{three.uscc},2025-03-01,2026-01-10,已补报,样例机关",
            "样例·名录外的公司,,2026-03-01,,未按规定公示年度报告,样例机关"]
    head = "企业名称,信用代码,列入日期,移出日期,列入原因,作出决定机关"
    report = intake.take("bangong", "abnormal", roster("abnormal", rows, head))
    assert (report.rows_in, report.taken) == (4, 4)
    assert [target(t.uscc).on_abnormal_list for t in (one, two, three)] == [True, True, False]
    removed = rows[0].replace("2026-03-01,,", "2026-03-01,2026-03-02,")
    intake.take("bangong", "abnormal", roster("abnormal", [removed], head))
    assert not target(one.uscc).on_abnormal_list and target(two.uscc).on_abnormal_list


def test_penalties_of_the_last_year_are_counted_and_a_targets_roster_keeps_them(open_scene, roster):
    open_scene("sample")
    with transaction() as session:
        one = session.scalars(select(Target).order_by(Target.id).limit(1)).one()
    today = settings.today()
    head = "当事人,统一社会信用代码,决定书文号,处罚日期,违法事实,处罚机关"
    rows = [f"{one.name},{one.uscc},样罚{n}号,{day},样例,样例机关" for n, day in enumerate(
        (today, today - timedelta(days=364), today - timedelta(days=365)))]
    intake.take("bangong", "penalties", roster("penalties", rows, head))
    assert target(one.uscc).penalties == 2
    intake.take("bangong", "targets", roster("targets", [f"{one.uscc},样例·改名,wjj"],
                                             "统一社会信用代码,名称,监管部门"))
    assert target(one.uscc).penalties == 2


def test_the_night_brings_the_lists_up_to_the_day(open_scene, roster):
    open_scene("sample")
    with transaction() as session:
        one = session.scalars(select(Target).order_by(Target.id).limit(1)).one()
    today = settings.today()
    head = "当事人,统一社会信用代码,决定书文号,处罚日期,违法事实,处罚机关"
    rows = [f"{one.name},{one.uscc},样罚1号,{today},样例,样例机关"]
    intake.take("bangong", "penalties", roster("penalties", rows, head))
    assert nightshift.refresh_lists() is None
    with on_day(today + timedelta(days=364)):
        assert nightshift.refresh_lists() is None
    with on_day(today + timedelta(days=365)):
        assert nightshift.refresh_lists() == "按名单更新企业情况1处"
        assert target(one.uscc).penalties == 0
