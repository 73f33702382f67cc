"""What is foreseen: annual plans, what they ask, publish (art. 14); the catalogue of items (art. 7)."""

from blocks import settings
from blocks.actions import plans
from blocks.errors import NotFound
from blocks.portal.access import Rule, movers
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import catalogue
from blocks.register.plans import all_plans, area_name
from blocks.rules.planning import HEADINGS
from blocks.rules.schemes import MODES
from blocks.rules.stages import Role

READS = Rule(frozenset({Role.OFFICE, Role.AUDITOR, Role.DRAFTER, Role.APPROVER}))
HERE = "/plans/{year}/{county}"


@page("/plans", name="plans", rule=READS)
def every_plan(at: At) -> Shown:
    """Show which plans there are."""
    return Shown("plans.html.j2", {"plans": all_plans(at.session), "area_name": area_name})


@page(HERE, name="plan", rule=READS)
def plan(at: At) -> Shown:
    """Show the last version of a plan: what each entry means, what is asked, what may be merged."""
    year = at.params["year"]
    if not (year.isdecimal() and len(year) == 4):
        raise NotFound("没有这一年的计划", "请从计划列表进入")
    county = at.params["county"]
    told = plans.show(int(year), county=None if county == settings.CITY_CODE else county)
    return Shown("plan.html.j2", {"told": told, "year": year, "county": county, "headings": HEADINGS})


@page("/catalogue", name="catalogue", rule=READS)
def items(at: At) -> Shown:
    """Show the catalogue as it is in force, or an earlier edition, and when each was made (art. 7)."""
    editions = catalogue.editions(at.session)
    asked = at.request.query_params.get("edition", "")
    number = next((one for one, *_ in editions if str(one) == asked), None)
    listed = catalogue.listed(at.session, number)
    codes = {code for one in listed for code in (one.department_code, *one.partner_codes)}
    return Shown("catalogue.html.j2", {
        "items": listed, "editions": editions, "number": number, "modes": MODES,
        "names": catalogue.names_of(at.session, codes)})


deed("/plans/{year}/{county}/publish", plans.publish, movers("plan", "公布年度计划"), back=HERE)
deed("/plans/{year}/{county}/{entry}/answer", plans.answer, movers("plan", "修改年度计划"), back=HERE)
