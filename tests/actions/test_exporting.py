"""Tables leave the register as files: whole, typed, and only to those who may see them."""

import csv
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import python_calamine as calamine
from sqlalchemy import func, select, text, update

from blocks import settings
from blocks.actions import exporting, intake
from blocks.draw.hashing import ZERO, canonical_json, hexdigest
from blocks.errors import NotFound, RuleViolation
from blocks.register import extracts
from blocks.register.database import transaction
from blocks.register.directories import Account, Inspector, Target, account, service_account
from blocks.register.trail import TRAIL_HASH, TrailLine
from blocks.register.visits import Visit
from blocks.rosters import kinds, read
from blocks.rules.formulas import unguard
from tests import people
from tests.scenes import everything, hired, refused

ENDINGS = pytest.mark.parametrize("ending", [".xlsx", ".csv"])
SAMPLE = settings.CONFIG / "sample"
ROSTERS = tuple(kinds())
LISTS = ("abnormal", "serious", "complaints", "penalties")
REST = ("schemes", "visits", "checks", "results", "trail", "appraisals")
HYPERLINK = '=HYPERLINK("http://example.invalid","样例·点我")'


def taken(kind: str, rows: str, folder: Path) -> None:
    path = folder / f"{kind}_in.csv"
    path.write_text(rows, "utf-8")
    intake.take("bangong", kind, path)


@pytest.fixture
def with_ties(open_scene, tmp_path):
    """The sample city, in which some inspectors have ties and leave, and a business is on lists."""
    open_scene("sample")
    with transaction() as session:
        own = {code: session.scalar(select(Inspector.certificate_no).join(
            Inspector.department).where(text(f"departments.code = '{code}'")).order_by(
            Inspector.id).limit(1)) for code in ("gaj", "wjj")}
    taken("ties", "执法证号,类别,内容,离职日期\n" + "".join(
        f"{no},亲属,样例·{code}亲属,\n{no},原任职单位,样例·{code}单位,2025-03-31\n"
        for code, no in own.items()), tmp_path)
    taken("leave", "执法证号,起始日期,结束日期,事由\n" + "".join(
        f"{no},2026-12-01,2026-12-05,样例·{code}\n" for code, no in own.items()), tmp_path)
    for kind in LISTS:
        headings = [kinds()[kind].field(name).heading for name in ("name", "number", "listed_on")]
        taken(kind, f"{','.join(headings)}\n样例·某单位,样例1号,2026-03-01\n", tmp_path)
    return own


def exported(table: str, folder: Path, login: str = "bangong", ending: str = ".csv") -> Path:
    path = folder / f"{table}{ending}"
    exporting.export(login, table, path)
    return path


def records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def typed(path: Path) -> list[dict[str, Any]]:
    with calamine.CalamineWorkbook.from_path(path) as book:
        heading, *rows = book.get_sheet_by_index(0).iter_rows()
    return [dict(zip(heading, row, strict=True)) for row in rows]


def without(digests: dict[str, str], *tables: str) -> dict[str, str]:
    return {table: digest for table, digest in digests.items() if table not in tables}


@ENDINGS
def test_taking_an_exported_roster_in_again_changes_nothing(ending, with_ties, tmp_path):
    before = everything()
    for kind in ROSTERS:
        if kind == "targets":
            continue
        path = exported(kind, tmp_path, ending=ending)
        report = intake.take("bangong", kind, path)
        assert report.rows_in == report.taken > 0 and not report.repaired and not report.seen_before
        assert not report.ignored and (report.added, report.changed) == (0, 0), kind
    assert without(everything(), "roster_intakes") == without(before, "roster_intakes")


@ENDINGS
def test_the_exported_directory_of_businesses_is_what_was_taken_in(ending, look, tmp_path):
    look("sample")
    city = {"counties": settings.COUNTIES, "city_code": settings.CITY_CODE}
    path = exported("targets", tmp_path, ending=ending)
    reading = read("targets", path, **city)
    assert not reading.problems and not reading.repaired and reading.rows_in == 400

    def plain(rows: list[dict]) -> dict[str, dict]:
        return {r["uscc"]: {**r, "department_codes": sorted(r["department_codes"]),
                            "legal_representative": ""} for r in rows}

    assert plain(reading.rows) == plain(read("targets", SAMPLE / "targets.csv", **city).rows)


@ENDINGS
def test_taking_the_businesses_in_again_changes_nothing_but_what_the_file_may_not_hold(
        ending, open_scene, tmp_path):
    open_scene("sample")
    columns = [c for c in Target.__table__.columns if c.name != "legal_representative"]

    def businesses() -> list[tuple]:
        with transaction() as session:
            return session.execute(select(*columns).order_by(Target.id)).all()

    before, rows = everything(), businesses()
    assert intake.take("bangong", "targets", exported("targets", tmp_path, ending=ending)).taken == 400
    assert businesses() == rows
    assert without(everything(), "roster_intakes", "targets") == without(
        before, "roster_intakes", "targets")


@pytest.mark.parametrize("login", ["bangong", "jiandu", "gaj.jingban", "gaj.shenpi"])
def test_nobody_is_given_a_legal_representative(login, look, tmp_path):
    look("sample")
    with transaction() as session:
        people_ = set(session.scalars(select(Target.legal_representative))) - {""}
    assert people_
    path = exported("targets", tmp_path, login)
    assert not any(one in path.read_text("utf-8-sig") for one in people_)
    assert "法定代表人" not in records(path)[0]
    said = exporting.export(login, "targets", path)
    assert "不含法定代表人" in said.next


WHOLE = (("bangong", (*ROSTERS, *REST)), ("jiandu", tuple({*ROSTERS, *REST} - {"ties"})))
STAFF = ("departments", "items", "targets", "inspectors", "interests", "ties", "leave")


@pytest.mark.parametrize(("login", "allowed"), [
    *WHOLE, ("gaj.jingban", STAFF), ("gaj.shenpi", STAFF), ("gaj.01", ()), ("flow.draw", ())])
def test_who_may_export_what(login, allowed, look, tmp_path):
    look("sample")
    with transaction() as session:
        service_account(session, "draw", "抽取")
    for table in (*ROSTERS, *REST):
        path = tmp_path / f"{table}.csv"
        if table in allowed:
            assert exporting.export(login, table, path).sentence.startswith("已导出")
            assert path.exists()
        else:
            with refused(f"（{login}）不能导出", RuleViolation):
                exporting.export(login, table, path)
            assert not path.exists()


@pytest.mark.parametrize("table", ["ties", "leave", "inspectors", "interests"])
def test_a_department_sees_of_its_own_people_alone(table, with_ties, tmp_path):
    own, all_ = (records(exported(table, tmp_path, login)) for login in ("gaj.jingban", "bangong"))
    with transaction() as session:
        theirs = set(session.scalars(select(Inspector.certificate_no).join(
            Inspector.department).where(text("departments.code = 'gaj'"))))
    assert own and {r["执法证号"] for r in own} <= theirs
    assert own == [r for r in all_ if r["执法证号"] in theirs] and len(own) < len(all_)
    said = exporting.export("gaj.jingban", table, tmp_path / "a.csv").sentence
    assert "已导出本部门" in said


def test_the_ties_of_others_are_not_even_a_trace(with_ties, tmp_path):
    path = exported("ties", tmp_path, "gaj.shenpi", ".xlsx")
    assert {r["执法证号"] for r in typed(path)} == {with_ties["gaj"]}
    assert "样例·wjj" not in exported("ties", tmp_path, "gaj.shenpi").read_text("utf-8-sig")
    with refused("不能导出回避线索登记表", RuleViolation):
        exporting.export("jiandu", "ties", tmp_path / "a.xlsx")


def test_who_drafts_for_no_department_is_not_given_all_of_them(open_scene, tmp_path):
    open_scene("sample")
    login = hired("nobody", "gaj.jingban", department_id=None)
    for table in (*ROSTERS, *REST):
        with refused("不能导出", RuleViolation):
            exporting.export(login, table, tmp_path / "a.csv")


def test_an_auditor_who_also_approves_sees_the_ties_of_the_own_department_alone(with_ties, tmp_path):
    login = hired("both", "gaj.shenpi", roles=["approver", "auditor"])
    assert {r["执法证号"] for r in records(exported("ties", tmp_path, login))} == {with_ties["gaj"]}
    assert len(records(exported("leave", tmp_path, login))) == 2


def test_only_people_who_serve_are_exported(open_scene, tmp_path):
    """What is taken in serves again: a closed account must not come back by its own export."""
    open_scene("sample")
    with transaction() as session:
        service_account(session, "draw", "抽取")
        session.execute(update(Account).where(Account.login == "gaj.01").values(active=False))
        gone = account(session, "wjj.01").inspector_id
        session.execute(update(Inspector).where(Inspector.id == gone).values(active=False))
        certificate = session.get_one(Inspector, gone).certificate_no
    logins = {r["登录名"] for r in records(exported("accounts", tmp_path))}
    assert "gaj.jingban" in logins and not logins & {"gaj.01", "flow.draw", "flow.setup"}
    assert len(logins) == 78
    serving = {r["执法证号"] for r in records(exported("inspectors", tmp_path))}
    assert len(serving) == 59 and certificate not in serving


@ENDINGS
def test_a_business_called_hyperlink_is_no_link(ending, open_scene, tmp_path):
    open_scene("sample")
    with transaction() as session:
        target = session.scalars(select(Target).order_by(Target.id).limit(1)).one()
        target.name = HYPERLINK
    path = exported("targets", tmp_path, ending=ending)
    if ending == ".csv":
        assert records(path)[0]["名称"] == f"'{HYPERLINK}"
    else:
        assert typed(path)[0]["名称"] == HYPERLINK
    intake.take("bangong", "targets", path)
    with transaction() as session:
        assert session.get_one(Target, target.id).name == HYPERLINK


@ENDINGS
def test_what_became_of_a_scheme_can_be_exported(ending, look, tmp_path):
    code = look("publicised")
    for table in REST:
        said = exporting.export("jiandu", table, tmp_path / f"{table}{ending}")
        assert "已导出" in said.sentence
    assert code


def test_the_tables_of_an_inspection_speak_chinese_and_have_types(look, tmp_path):
    code = look("publicised")
    (scheme,) = typed(exported("schemes", tmp_path, ending=".xlsx"))
    assert (scheme["方案编号"], scheme["进度"], scheme["抽查类型"]) == (code, "已公示", "不定向")
    assert scheme["检查方式"] == "实地" and scheme["抽中家数"] == 3
    assert scheme["牵头部门"] == "市公安局" and len(scheme["参与部门"].split("、")) == 2
    assert type(scheme["检查开始日期"]) is date and isinstance(scheme["到此进度的时间"], datetime)
    visits = typed(exported("visits", tmp_path, ending=".xlsx"))
    assert len(visits) == 3 and {v["进度"] for v in visits} == {"已检查"}
    assert {v["上午或下午"] for v in visits} <= {"上午", "下午"}
    assert all(type(v["检查日期"]) is date and v["抽取分层"][1] == "类" for v in visits)
    checks = typed(exported("checks", tmp_path, ending=".xlsx"))
    assert {c["进度"] for c in checks} == {"已公示"}
    assert all(len(c["检查人员（首位主检）"].split("、")) >= 2 for c in checks)
    results = typed(exported("results", tmp_path, ending=".xlsx"))
    assert {r["检查结果"] for r in results} == {"未发现问题"} and len(results) == len(checks)
    assert all(r["审核"] == "通过" and r["审核人"] != r["填报人"] for r in results)
    assert all(r["各事项填报"].endswith("：是") for r in results)
    assert all(isinstance(r["公示时间"], datetime) for r in results)


def test_the_leader_stands_first_and_who_left_is_not_named(look, tmp_path):
    code = look("in_field")
    checks = {int(c["分口检查编号"]): c for c in records(exported("checks", tmp_path))}
    with transaction() as session:
        of_login = dict(session.execute(select(Account.login, Inspector.certificate_no).join(
            Inspector, Inspector.id == Account.inspector_id)).all())
    for party in (people.LEAD, *people.PARTICIPANTS):
        for check, team in people.teams(code, party):
            assert checks[check]["执法证号"].split("、") == [of_login[login] for login in team]


def test_the_code_by_which_a_business_acts_is_in_no_file(look, tmp_path):
    look("publicised")
    with transaction() as session:
        codes = session.scalars(select(Visit.notice_code)).all()
    said = "".join(exported(t, tmp_path).read_text("utf-8-sig") for t in (*ROSTERS, *REST))
    assert codes and not any(code in said for code in codes)


def test_the_chain_can_be_recomputed_from_the_exported_trail(look, tmp_path):
    look("publicised")
    previous = ZERO
    lines = records(exported("trail", tmp_path, "jiandu"))
    for line in lines:
        said = {name: unguard(value) for name, value in line.items()}
        body = {
            "number": int(said["序号"]), "thing": said["事项代码"], "thing_id": int(said["事项编号"]),
            "version": int(said["版次"]), "source": said["原进度代码"] or None,
            "target": said["新进度代码"], "label": said["动作"], "actor_id": int(said["办理人编号"]),
            "role": said["身份代码"], "reason": said["理由"],
            "details": json.loads(said["明细（JSON）"]),
            "scheme_id": int(said["方案内部编号"]) if said["方案内部编号"] else None,
            "previous": said["上一条杂凑值"], "at": said["时刻（世界时，精确到微秒）"],
        }
        assert body["previous"] == previous
        assert hexdigest(TRAIL_HASH, canonical_json(body)) == said["本条杂凑值"]
        previous = said["本条杂凑值"]
    with transaction() as session:
        assert len(lines) == session.scalar(select(func.count()).select_from(TrailLine)) > 50


def test_rows_are_streamed_and_no_object_is_made(look):
    look("sample")
    with transaction() as session:
        rows = extracts.rows(session, "targets")
        first = next(rows)
        assert set(first) == {one.name for one in exporting.tables()["targets"].fields}
        assert session.scalar(text("SELECT count(*) FROM pg_cursors")) == 1
        assert list(session.identity_map) == []
        rows.close()


@pytest.mark.parametrize("table", [*ROSTERS, *REST])
def test_every_column_of_every_table_is_asked_for(table):
    asked = {c.name for c in extracts.TABLES[table]().selected_columns}
    wanted = {one.name for one in exporting.tables()[table].fields}
    told = {"trail": {"thing_label", "source_label", "target_label", "role_label", "at_exact"}}
    assert wanted - told.get(table, set()) == asked


def test_what_is_typed_wrong_is_said_and_nothing_is_written(look, tmp_path):
    look("sample")
    with refused("没有「horses」这种表", NotFound):
        exporting.export("bangong", "horses", tmp_path / "a.csv")
    with refused("没有账号「nobody」", NotFound):
        exporting.export("nobody", "items", tmp_path / "a.csv")
    with refused("结尾", RuleViolation):
        exporting.export("bangong", "items", tmp_path / "a.ods")
    with refused("写不了文件", RuleViolation):
        exporting.export("bangong", "items", tmp_path / "no" / "a.csv")
    (tmp_path / "folder.xlsx").mkdir()
    with refused("写不了文件", RuleViolation):
        exporting.export("bangong", "items", tmp_path / "folder.xlsx")
    assert [p.name for p in tmp_path.iterdir()] == ["folder.xlsx"]


def test_the_form_offers_the_departments_of_the_register(look, tmp_path):
    look("sample")
    said = exporting.template("inspectors", tmp_path / "a.xlsx")
    assert "填写说明" in said.next
    with calamine.CalamineWorkbook.from_path(tmp_path / "a.xlsx") as book:
        told = {row[0]: row[2] for row in book.get_sheet_by_index(1).iter_rows()}
    assert told["gaj"] == "市公安局"
    assert intake.take("bangong", "inspectors", tmp_path / "a.xlsx").rows_in == 0


def test_a_form_is_a_workbook_of_a_roster(tmp_path):
    for table, name, wrong in (("trail", "a.xlsx", "没有「trail」这种名录"),
                               ("leave", "a.csv", "结尾"), ("leave", "no/a.xlsx", "写不了文件")):
        with pytest.raises((NotFound, RuleViolation), match=wrong) as caught:
            exporting.template(table, tmp_path / name)
        assert caught.value.remedy
