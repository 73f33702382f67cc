"""The calendar changed by a person (放假安排): a year's notice, a local override (art. 5, 11).

What a notice changes is worked out before it is adopted; adopting it counts every open due date anew.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from blocks import engine, settings
from blocks.actions import Done
from blocks.errors import InspectionError, RuleViolation, StageError
from blocks.register import almanac, database
from blocks.register.almanac import HolidayNotice, Moved
from blocks.register.directories import account
from blocks.register.trail import advance, begin
from blocks.rules.stages import Role
from blocks.workdays import WorkCalendar

GIVEN_BY_LAW = 13  # 全国年节及纪念日放假办法（2024年修订）第2条, from 2025 on
LEVELS = {False: "national", True: "local"}


def check(data: Mapping[str, Any], source: str, *, local: bool = False) -> tuple[dict, list[str]]:
    """Return a notice that may be adopted, and what a person should look at before (Chinese).

    Raises:
        InspectionError: its shape, a day twice, a source other than the file's, a year left out.
    """
    if not isinstance(data, Mapping):
        raise InspectionError("放假安排文件看不懂", "请照 config/calendar 里最近一年的样子写")
    named = data.get("source") or []
    if source and named and source not in named:
        raise InspectionError(f"文件写的出处（{'、'.join(map(str, named))}）不是 {source}",
                              "请核对是哪一份通知；什么都没有改动")
    whole = {**data, "source": list(named) or ([source] if source else [])}
    alone = WorkCalendar.from_years([] if local else [whole], [whole] if local else [])
    year, known = whole["year"], settings.calendar().official_years
    if not local and year > max(known) + 1:
        raise InspectionError(f"还缺{max(known) + 1}年的放假安排，不能先导入{year}年的", "请按年度先后导入")
    if local and year not in known:
        raise InspectionError(f"{year}年的放假安排还没有导入，不能另作本地安排", "请先导入该年的放假安排")
    return whole, [] if local else _to_look_at(whole, alone)


def _to_look_at(whole: Mapping[str, Any], calendar: WorkCalendar) -> list[str]:
    """Say where a schedule does not add up: weekdays off should be those of the law and those made up."""
    year = whole["year"]
    days = [date.fromordinal(n) for n in range(date(year, 1, 1).toordinal() - 7, date(year, 12, 31).toordinal() + 1)]
    off = sum(day.weekday() < 5 and not calendar.is_workday(day) for day in days)
    made_up = len(whole["make_up_workdays"])
    if year >= 2025 and off - made_up != GIVEN_BY_LAW:
        return [f"放假占用{off}个周一至周五，调休补班{made_up}天，"
                f"相差{off - made_up}天，而法定节假日为{GIVEN_BY_LAW}天，请对照通知"]
    return []


def rehearse(data: Mapping[str, Any], source: str, *, local: bool = False) -> tuple[list[Moved], list[str]]:
    """Return which open due dates adopting a notice would move, and what to look at; changes nothing."""
    whole, remarks = check(data, source, local=local)
    with database.transaction() as session:
        added = [{"level": one.level, "contents": one.contents} for one in almanac.in_force(session)]
        would = settings.with_notices([*added, {"level": LEVELS[local], "contents": almanac.as_stored(whole)}])
        return almanac.moved_by(session, would), remarks


def adopt(login: str, data: Mapping[str, Any], source: str, *, local: bool = False,
          replace: bool = False) -> tuple[Done, list[Moved]]:
    """Adopt a notice and count every open due date anew, each that moves with its trail line.

    `replace`: this notice changes one of the same year that the register already has.

    Raises:
        RuleViolation: not the office, or no source.
        StageError: the year is there, and `replace` was not said; or the very same notice is.
    """
    whole, _ = check(data, source, local=local)
    stored = almanac.as_stored(whole)
    try:
        with engine.change() as session:
            actor = account(session, login).as_actor()
            if Role.OFFICE not in actor.roles:
                raise RuleViolation("放假安排由联席会议办公室采用", "请联系办公室", article=5)
            before = [one for one in session.scalars(select(HolidayNotice).where(
                HolidayNotice.stage == "issued", HolidayNotice.year == whole["year"],
                HolidayNotice.level == LEVELS[local]).with_for_update())]
            _refuse_twice(before, stored, whole["year"], local=local, replace=replace)
            why = f"出处：{'、'.join(whole['source'])}"
            for one in before if replace else []:
                advance(session, one, "replaced", actor, reason=why)
            notice = HolidayNotice(year=whole["year"], level=LEVELS[local], contents=stored)
            begin(session, notice, actor, reason=why, details={"year": notice.year, "level": notice.level})
            session.flush()
            settings.add_notices(session.scalar(database.text(database.NOTICES)))
            moved = almanac.recount(session, actor, why=f"采用{notice.title}")
            done = Done(f"{notice.title}已采用，{len(moved)}项在办期限变动" if moved else
                        f"{notice.title}已采用，在办期限没有变动",
                        "各处二十秒内按新的放假安排计算", {"notice": notice.id})
    finally:
        database.look_again()  # also where it was not committed: the next look finds what is true
    return done, moved


def _refuse_twice(before: list[HolidayNotice], stored: dict, year: int, *, local: bool, replace: bool) -> None:
    if any(one.contents == stored for one in before):
        raise StageError(f"{year}年的这份安排已经采用，内容一样", "不必再导入一次")
    official = settings.calendar().is_official(year)
    if not local and official and not replace:
        raise StageError(f"{year}年的放假安排已经有了，内容不同", "确是后来改动的通知，请加 --replace")
