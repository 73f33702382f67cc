"""The appraisal's pages: figures open to their rows, departments say what they have to say, nothing is typed."""

import re
from datetime import date

from blocks import settings
from blocks.actions import appraising
from blocks.register import appraisals
from blocks.register.database import transaction
from tests.scenes import everything, on_day, refused

YEAR = settings.today().year


def rows_of(text: str) -> list[str]:
    return re.findall(r"<code>(\w+:\w+:\d+:\w*)</code>", text)


def test_a_figure_opens_to_as_many_rows_as_it_says(open_scene, person):
    open_scene("publicised")
    office, opened = person("bangong"), 0
    page = office.sees(f"/appraisal?period={YEAR}")
    for link, total, n in re.findall(r'href="(/appraisal/rows[^"]+)">[\d.]+%（(\d+)/(\d+)）', page):
        if int(n) > 100:
            continue
        text = office.sees(link.replace("&amp;", "&"))
        values = re.findall(r'data-label="计为">(\d+)<', text)
        assert (len(values), sum(map(int, values))) == (int(n), int(total)), link
        opened += 1
    assert opened >= 5


def test_a_department_sees_its_own_rows_and_no_others(open_scene, person):
    open_scene("publicised")
    theirs = person("xfjy.jingban")
    for asked in ("", "&department=1", "&department=2", "&department=9999"):
        text = theirs.sees(f"/appraisal/rows?period={YEAR}&indicator=published{asked}")
        assert len(rows_of(text)) == 3
        assert set(re.findall(r'data-label="部门">([^<]+)<', text)) == {"市消防救援支队"}


def test_who_had_nothing_to_do_has_no_score(open_scene, person):
    open_scene("publicised")
    page = person("bangong").sees("/appraisal?period=2019")
    assert "没有得分，不是零分" in page
    assert page.count("不计分</td>") >= 8


def test_an_appeal_that_is_upheld_makes_a_version_without_the_rows(open_scene, person):
    open_scene("publicised")
    with on_day(date(YEAR + 1, 1, 2)):
        _appeals(person)


def _appeals(person) -> None:
    appraising.freeze("bangong", str(YEAR))
    page, appellant, office = f"/appraisal/{YEAR}", person("xfjy.shenpi"), person("bangong")
    appellant.does(page, f"/appraisal/{YEAR}/comment", reason="样例意见")
    assert "样例意见" in appellant.does(page, f"/appraisal/{YEAR}/appeal", reason="台风停业，不应计入")
    row = rows_of(appellant.sees(f"/appraisal/rows?period={YEAR}&indicator=published"))[0]
    fields = office.form(page, f"/appraisal/{YEAR}/decide")
    other = row.replace("published:check:", "published:check:99")
    for wrong, saying in ((other, "没有计入"), ("样例", "看不懂"), ("published:check:１:1", "看不懂")):
        with refused(saying):
            appraising.decide("bangong", str(YEAR), True, "属实", [wrong])
    said = office.sends(f"/appraisal/{YEAR}/decide", {**fields, "uphold": "true", "reason": "属实", "rows": row}, 200)
    assert "第2版" in said and "样例意见" in said and "台风停业" in said
    with transaction() as session:
        new, old = appraisals.frozen(session)
        assert [(one.number, one.stage) for one in (new, old)] == [(2, "frozen"), (1, "replaced")]
        counts = [one.frame.query("indicator == 'published'")["n"].sum() for one in (old, new)]
        assert appraisals.verify(session, new) == appraisals.verify(session, old) == []
    assert counts[0] - counts[1] == 1
    assert row not in rows_of(appellant.sees(f"/appraisal/rows?period={YEAR}&indicator=published"))


def test_an_appeal_is_not_upheld_without_rows_nor_decided_twice(open_scene):
    open_scene("drafted")
    with on_day(date(YEAR + 1, 1, 2)):
        appraising.freeze("bangong", str(YEAR))
        with refused("已经定稿"):
            appraising.freeze("bangong", str(YEAR))
    with refused("没有待决定的申诉"):
        appraising.decide("bangong", str(YEAR), True, "属实", ["published:check:1:"])
    appraising.appeal("xfjy.shenpi", str(YEAR), "样例")
    with refused("须写明哪些记录不计入"):
        appraising.decide("bangong", str(YEAR), True, "属实")
    appraising.decide("bangong", str(YEAR), False, "记录属实")
    with refused("还没有定稿"):
        appraising.comment("xfjy.shenpi", "2020", "样例")


def test_what_if_shows_other_scores_and_keeps_nothing(open_scene, person):
    open_scene("publicised")
    office = person("bangong")
    before = everything()
    page = office.sees(f"/appraisal/what-if?period={YEAR}&weights.published=100")
    assert re.search(r'data-label="试算">100\.0<', page)
    assert "权重合计为99，应为100" in office.sees(f"/appraisal/what-if?period={YEAR}&weights.published=99")
    assert "不小于 0 的整数" in office.sees(f"/appraisal/what-if?period={YEAR}&weights.published=-1")
    assert everything() == before


def test_ratios_are_proposed_from_what_was_found_and_keep_nothing(open_scene, person):
    open_scene("publicised")
    office = person("bangong")
    before = everything()
    page = office.sees("/appraisal/ratios?rates.D=50%25")
    assert re.findall(r'data-label="已查">(\d+)<', page) and "试算" in page
    assert sum(map(int, re.findall(r'data-label="已查">(\d+)<', page))) == 3
    assert 'role="alert"' in office.sees("/appraisal/ratios?rates.D=%E5%8D%8A")
    assert everything() == before


def test_no_period_and_no_indicator_are_refused_in_words(open_scene, person):
    open_scene("drafted")
    office = person("bangong")
    assert "看不懂考核期" in office.sees("/appraisal?period=2026-13", 422)
    assert "没有「beauty」这个指标" in office.sees("/appraisal/rows?indicator=beauty", 404)
    assert "没有这样的记录" in office.sees("/appraisal/rows?indicator=closed&period=2031&first=x&department=x")
