"""Schemes: write, submit, approve or return; accept the assignment that comes of one (art. 6, 8, 9)."""

from typing import Any

from starlette.datastructures import FormData, QueryParams

from blocks import settings
from blocks.actions import assignments, cancelling, schemes, urging
from blocks.errors import StageError
from blocks.portal.access import Rule, movers
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import aftermath, attachments, catalogue, outlook, overview, views
from blocks.register.pool import pool
from blocks.register.schemes import Scheme, departments_of
from blocks.register.unusual import unusual
from blocks.rules.sampling import RAISES, RISK_CLASSES, check_sampling
from blocks.rules.schemes import DRAW_KINDS, MODES
from blocks.rules.stages import Role

DRAFTERS = Rule(frozenset({Role.DRAFTER}))
HERE = "/schemes/{code}"
LISTS = ("participants", "kinds", "counties", "risk_classes", "lead_items")


@page("/schemes", name="schemes")
def all_schemes(at: At) -> Shown:
    """Show the schemes that the visitor may see, with their stage and who is awaited."""
    rows = overview.standings(at.session, views.schemes(at.session, at.visitor.actor))
    return Shown("schemes.html.j2", {"rows": rows})


@page("/follow/schemes/{code}", name="follow-scheme")
def follow(at: At) -> Shown:
    """Tell what changes whenever anything of a scheme has moved."""
    return Shown("", {"mark": views.scheme_mark(at.session, at.visitor.actor, at.params["code"])})


@page("/schemes/new", name="new-scheme", rule=DRAFTERS)
def new_scheme(at: At) -> Shown:
    """Show an empty scheme."""
    return Shown("scheme-form.html.j2", {"scheme": None, "values": _typed(at, {}), **_choices(at)})


@page("/schemes/pool", name="pool", rule=DRAFTERS)
def live_pool(at: At) -> Shown:
    """Show what the scope that is being typed finds, and how many of it would be drawn."""
    data = from_form(at.request.query_params)["data"]
    if not any(data["scope"][name] for name in ("kinds", "counties", "risk_classes", "all")):
        return Shown("pool.html.j2", {"told": None, "wrong": []})
    wrong = check_sampling(data["sampling"])
    written = _as_scheme(at, data)
    told = None if wrong else outlook.glance(written, pool(at.session, written))
    return Shown("pool.html.j2", {"told": told, "wrong": [one.message for one in wrong]})


def _as_scheme(at: At, data: dict[str, Any]) -> Scheme:
    """Return a scheme that is only being typed; it is never written."""
    ids = {one.code: one.id for one in views.departments(at.session)}
    window = data["window"] or {"start": settings.today().isoformat(), "end": settings.today().isoformat()}
    return Scheme(id=0, version=0, lead_id=at.visitor.actor.department_id, stage="drafted",
                  participant_ids=[ids[one] for one in data["participants"] if one in ids],
                  window_start=schemes.parse_day(window["start"], settings.today()),
                  window_end=schemes.parse_day(window["end"], settings.today()),
                  scope=data["scope"], sampling=data["sampling"], regulation=None)


@page("/schemes/{code}/edit", name="edit-scheme", rule=DRAFTERS)
def edit_scheme(at: At) -> Shown:
    """Show a drafted scheme to be written anew."""
    scheme = views.scheme(at.session, at.visitor.actor, at.params["code"])
    if scheme.stage != "drafted" or scheme.lead_id != at.visitor.actor.department_id:
        raise StageError(f"{scheme.title}现在不能修改", "只有草拟中的方案由牵头部门修改；已提交的，先请审批人退回")
    return Shown("scheme-form.html.j2", {"scheme": scheme, "values": _typed(at, _values(at, scheme)),
                                         **_choices(at)})


@page(HERE, name="scheme")
def scheme(at: At) -> Shown:
    """Show a scheme as a whole: stage, contents, what the system found, what can be done now."""
    found = views.scheme(at.session, at.visitor.actor, at.params["code"])
    actor = at.visitor.actor
    assigned = views.assignments(at.session, found)
    own = next((one for one in assigned if one.department_id == actor.department_id), None)
    review = views.review(at.session, found)
    waits = found.stage in ("drafted", "submitted")
    return Shown("scheme.html.j2", {
        "unusual": unusual(at.session, found, review.findings if review else None) if waits else [],
        "papers": attachments.of_scheme(at.session, found.id),
        "letters": aftermath.letters(at.session, found.id), "after_the_draw": cancelling.AFTER_THE_DRAW,
        "mark": views.mark(at.session, found),
        "scheme": found, "story": overview.scheme_story(at.session, found),
        "departments": departments_of(at.session, found), "mode": MODES[found.mode],
        "draw_kind": DRAW_KINDS[found.draw_kind], "items": catalogue.items(at.session, found.lead_items, found),
        "review": review, "assignments": assigned, "own": own,
        "own_items": views.items_of(at.session, actor.department_id) if own else [],
        "checks": overview.check_rows(at.session, found.id),
        "timeline": overview.timeline(at.session, found.id)[::-1],
        "raises": RAISES, "counties": settings.COUNTIES})


@page("/schemes/{code}/preview", name="preview")
def preview(at: At) -> Shown:
    """Show what a scheme would take before it is approved: by stratum, county and department."""
    found = views.scheme(at.session, at.visitor.actor, at.params["code"])
    told = schemes.preview(found.code)
    return Shown("preview.html.j2", {
        "scheme": found, "told": told, "verdicts": outlook.verdicts(told),
        "counties": sorted({name for row in told["expected"].values() for name in row})})


def _choices(at: At) -> dict[str, Any]:
    """Return what a scheme may be made of: nothing to type that the system knows."""
    actor = at.visitor.actor
    return {"kinds": views.kinds(at.session), "counties": settings.COUNTIES, "modes": MODES,
            "draw_kinds": DRAW_KINDS, "risk_classes": RISK_CLASSES, "raises": RAISES,
            "own_items": views.items_of(at.session, actor.department_id),
            "others": [one for one in views.departments(at.session) if one.id != actor.department_id],
            "lead": at.visitor.account.department}


def _values(at: At, scheme: Any) -> dict[str, Any]:
    """Return a scheme's contents as the form's fields."""
    codes = {one.id: one.code for one in views.departments(at.session)}
    sampling, scope = scheme.sampling, scheme.scope
    typed = next((one for one in scheme.randomness["sources"] if one["kind"] == "typed"), {})
    return {
        "title": scheme.name, "kind": scheme.draw_kind, "grounds": scheme.grounds,
        "participants": [codes[one] for one in scheme.participant_ids], "mode": scheme.mode,
        "start": scheme.window_start.isoformat(), "end": scheme.window_end.isoformat(),
        "lead_items": list(scheme.lead_items), "sampling": sampling.get("mode", "ratio"),
        "number": sampling.get("number", ""), "at_least": sampling.get("at_least", ""),
        **{f"rates.{name}": rate for name, rate in (sampling.get("rates") or {}).items()},
        **{f"raise.{name}": factor for name, factor in (sampling.get("raise") or {}).items()},
        **{name: list(scope.get(name) or []) for name in ("kinds", "counties", "risk_classes")},
        "all": bool(scope.get("all")), "typed": typed.get("locator", ""),
        "drand": any(one["kind"] == "drand" for one in scheme.randomness["sources"])}


def _typed(at: At, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with what was typed before over them; lists stay lists."""
    if not at.typed:
        return values
    return {name: [text] if name in LISTS and isinstance(text, str) else text
            for name, text in at.typed.items()}


def from_form(form: FormData | QueryParams) -> dict[str, Any]:
    """Return the form as the contents of a scheme's file (config/sample/scheme.yaml)."""
    def text(name: str) -> str:
        return str(form.get(name, "")).strip()

    def several(name: str) -> list[str]:
        return [str(one) for one in form.getlist(name)]

    sampling: dict[str, Any] = {"mode": text("sampling")}
    if sampling["mode"] == "number":
        sampling["number"] = _whole(text("number"))
    else:
        sampling |= {"by": "risk_class", "rates": {
            name: text(f"rates.{name}") for name in RISK_CLASSES if text(f"rates.{name}")}}
        if text("at_least"):
            sampling["at_least"] = _whole(text("at_least"))
    raised = {name: _whole(text(f"raise.{name}")) for name in RAISES if text(f"raise.{name}")}
    sources = [{"kind": "reveal"}]
    if text("typed"):
        sources.append({"kind": "typed", "locator": text("typed")})
    if text("drand"):
        sources.append({"kind": "drand", "locator": "quicknet"})
    return {"data": {
        "title": text("title"), "kind": text("kind"), "lead": text("lead"), "grounds": text("grounds"),
        "participants": several("participants"), "mode": text("mode"),
        "scope": {"kinds": several("kinds"), "counties": several("counties"),
                  "risk_classes": several("risk_classes"), "status": ["存续"], "all": bool(text("all"))},
        "sampling": sampling | ({"raise": raised} if raised else {}),
        "window": {"start": text("start"), "end": text("end")} if text("start") and text("end") else {},
        "lead_items": several("lead_items"), "randomness": sources}}


def _whole(text: str) -> int | str:
    """Return a whole number, or the text, which the rules then name."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


deed("/schemes", schemes.new, movers("scheme", "起草"), back="/schemes/{scheme}", parse=from_form)
deed("/schemes/{code}/edit", schemes.edit, movers("scheme", "修改"), back=HERE, parse=from_form)
deed("/schemes/{code}/submit", schemes.submit, movers("scheme", "提交审批"), back=HERE)
deed("/schemes/{code}/approve", schemes.approve, movers("scheme", "批准"), back=HERE)
deed("/schemes/{code}/return", schemes.return_, movers("scheme", "退回修改"), back=HERE)
deed("/schemes/{code}/attach", schemes.attach, movers("scheme", "修改"), back=HERE)
deed("/schemes/{code}/cancel", cancelling.cancel, movers("scheme", "取消", "申请取消"), back=HERE)
deed("/schemes/{code}/cancel/confirm", cancelling.confirm, movers("scheme", "确认取消"), back=HERE)
deed("/schemes/{code}/urge", urging.urge, Rule(frozenset({Role.OFFICE})), back="/office")
deed("/schemes/{code}/accept", assignments.accept, movers("assignment", "接收任务"), back=HERE)
deed("/schemes/{code}/send-back", assignments.send_back, movers("assignment", "退回任务"), back=HERE)
deed("/schemes/{code}/resend", assignments.resend, movers("assignment", "再次派发"), back=HERE)
deed("/schemes/{code}/withdraw", assignments.withdraw, movers("assignment", "撤回任务"), back=HERE)
