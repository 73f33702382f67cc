"""A list that the platform drew (在平台抽取的名单), checked by us before it counts (art. 9).

Our own sealed draw of the same pool stands beside it as the rehearsal: it says how many of each
stratum there must be, and who could have been drawn at all.
"""

from collections import Counter
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from blocks.errors import Problem
from blocks.register.bench import Bench, of_draw
from blocks.register.contents import proposed_items
from blocks.register.directories import Inspector, Target
from blocks.register.drawn_there import strata
from blocks.register.draws import Draw, DrawTicket
from blocks.register.schemes import Scheme, departments_of
from blocks.rules.eligibility import INSPECTOR_EXCLUSIONS

Row = dict[str, Any]


def faults(session: Session, scheme: Scheme, draw: Draw, rows: list[Row]) -> list[Problem]:
    """Return everything that keeps a list from counting: caps, shape, recusal, staffing; row by row."""
    found = strata(session, draw, [row["uscc"] for row in rows])
    names = dict(session.execute(select(Target.uscc, Target.name).where(Target.uscc.in_(found))).all())
    problems = [problem for row in rows for problem in (
        _of_business(scheme, row, found[row["uscc"]], names.get(row["uscc"])),) if problem]
    problems += _shape(session, draw, Counter(filter(None, found.values())))
    return problems + _staffing(session, scheme, draw, rows)


def _of_business(scheme: Scheme, row: Row, stratum: str | None, name: str | None) -> Problem | None:
    def wrong(said: str, remedy: str) -> Problem:
        return Problem(row["row_"], "uniscid", row["uscc"], said, remedy)

    if row["scheme_code"] != scheme.code:
        return wrong(f"这是方案{row['scheme_code']}的，不是{scheme.code}的", "请核对导出的任务")
    if name is None:
        return wrong("名录库里没有这家企业", "请先核实，更新名录库后重新封存")
    if name != row["name"]:
        return wrong(f"代码是「{name}」的，名单写的是「{row['name']}」", "请与平台核实是哪一家")
    if stratum is None:
        return wrong("不在封存的待抽库里（超出范围、已达频次上限或者另有检查）", "请在平台上更换，频次以我方登记为准")
    return None


def _shape(session: Session, draw: Draw, given: Counter[str]) -> list[Problem]:
    """Compare the numbers of each stratum with those that were promised."""
    promised = dict(session.execute(select(DrawTicket.stratum, func.count()).where(
        DrawTicket.draw_id == draw.id, ~DrawTicket.is_reserve).group_by(DrawTicket.stratum)).all())
    return [Problem(0, "层", stratum, f"应抽{promised.get(stratum, 0)}家，名单有{given[stratum]}家",
                    "请在平台上按方案的比例重抽")
            for stratum in sorted(promised.keys() | given.keys()) if promised.get(stratum, 0) != given[stratum]]


def _staffing(session: Session, scheme: Scheme, draw: Draw, rows: list[Row]) -> list[Problem]:
    """Ask of each inspector named beside a business whether he or she may be sent there, and with whom."""
    if not any(row.get("certificates") for row in rows):
        return []
    benches = {one.id: of_draw(session, draw, one, proposed_items(session, scheme, one))
               for one in departments_of(session, scheme)}
    numbers = {number for row in rows for number in row["certificates"] or ()}
    people = {one.certificate_no: one for one in session.scalars(
        select(Inspector).where(Inspector.certificate_no.in_(numbers)))}
    targets = {one.uscc: one for one in session.scalars(select(Target).where(
        Target.uscc.in_([row["uscc"] for row in rows])))}
    return [problem for row in rows if row["uscc"] in targets
            for problem in _of_team(row, targets[row["uscc"]], people, benches)]


def _of_team(row: Row, target: Target, people: dict[str, Inspector], benches: dict[int, Bench]) -> list[Problem]:
    problems, each = [], Counter()
    for number in row["certificates"] or ():
        person = people.get(number)
        bench = benches.get(person.department_id) if person else None
        if bench is None:
            problems.append(Problem(row["row_"], "执法证号", number, "不是本次各部门的检查人员", "请在平台上更换"))
            continue
        each[bench.department.short_name] += 1
        if number not in bench.eligible(target):
            why = INSPECTOR_EXCLUSIONS.get(bench.reason(number, target) or "", "封存时不在人员名单里")
            problems.append(Problem(row["row_"], "执法证号", number, f"不能去{target.name}：{why}", "请在平台上更换"))
    team = next(iter(benches.values())).team
    return problems + [Problem(row["row_"], "执法证号", name, f"{name}只有{count}人，应不少于{team}人",
                               "请在平台上补足") for name, count in each.items() if count < team]
