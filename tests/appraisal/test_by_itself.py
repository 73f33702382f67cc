"""What the monthly flow does: each period that ended is frozen once, frozen ones are held to the register."""

import csv
from datetime import date

from blocks import settings
from blocks.actions import exporting
from blocks.register import appraisals, trail
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.steps import appraising
from tests.scenes import on_day

YEAR = settings.today().year


def test_in_january_december_and_the_year_are_frozen_once(open_scene, tmp_path):
    open_scene("publicised")
    with transaction() as session:
        who = service_account(session, "appraisal", "考核统计").as_actor(run="test")
    with on_day(date(YEAR + 1, 1, 2)):
        assert appraising.ended() == [f"{YEAR}-12", f"{YEAR}"]
        assert [said.split("已定稿")[0] for said in appraising.freeze(who)] == [
            f"{YEAR}-12考核第1版", f"{YEAR}考核第1版"]
        assert appraising.freeze(who) == []
        assert appraising.verify() == []
        city, *departments = appraising.table(str(YEAR))
        assert float(city["得分"]) > 50
        assert sum(one["得分"] != "—" for one in departments) >= 3
        assert {one["名次"] for one in departments if one["得分"] == "—"} <= {
            "本期无事项，不计分", "本期事项太少，不计分"}
    with on_day(date(YEAR + 1, 2, 2)):
        assert appraising.ended() == [f"{YEAR + 1}-01"]
    with transaction() as session:
        kept = appraisals.frozen(session)
        assert {one.hash for one in kept} == {line.details["hash"] for line in session.query(trail.TrailLine).where(
            trail.TrailLine.thing == "appraisal")}
        assert trail.verify(session)[1] == []
    exporting.export("bangong", "appraisals", tmp_path / "figures.csv")
    with (tmp_path / "figures.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(one.content["figures"]) for one in kept) > 50
    assert sum(int(one["记录数"]) for one in rows if (one["考核期"], one["指标"]) == (str(YEAR), "公示率")) == 9
