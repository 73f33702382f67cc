"""Figures clicked down in a browser match the rows they open to; an appraisal is read on a phone as well."""

import re
from datetime import date

from blocks import settings
from blocks.actions import appraising
from tests.browser.portal import user  # noqa: F401  (a fixture)
from tests.portal.conftest import server  # noqa: F401  (a fixture)
from tests.scenes import on_day

YEAR = settings.today().year
FIGURES = ("公示率", "问题发现率", "结果更正率", "抽查事项覆盖率")


def test_a_frozen_figure_clicked_down_matches(open_scene, user):  # noqa: F811
    open_scene("publicised")
    with on_day(date(YEAR + 1, 1, 2)):
        appraising.freeze("bangong", str(YEAR))
    office = user("bangong")
    for label in FIGURES:
        page = office.goes(f"/appraisal?period={YEAR}").page
        row = page.locator(f"tr:has(td:text-is('{label}'))")
        total, n = map(int, re.search(r"（(\d+)/(\d+)）", row.inner_text()).groups())
        with page.expect_navigation():
            row.locator("a").first.click()
        values = [int(text) for text in page.locator("td[data-label='计为']").all_inner_texts()]
        assert (len(values), sum(values)) == (n, total), label
        assert n > 0
    office.goes(f"/appraisal?period={YEAR}&verify=1").sees("与定稿逐项相符", "第1版").looks("appraisal")
    user("xfjy.shenpi", phone=True).goes(f"/appraisal?period={YEAR}").sees("市消防救援支队各项指标").looks("appraisal")
