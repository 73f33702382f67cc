"""The auditor's desk: the trail with filters, the trail and the draws recomputed on a button (art. 3)."""

import subprocess
import sys
import tempfile
from pathlib import Path

from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw import pairing_verifier, verifier
from blocks.draw.chain import chain_jsonl
from blocks.errors import NotFound, StageError
from blocks.portal.access import Rule
from blocks.portal.routes import At, Shown, page
from blocks.register import trail, views
from blocks.register.database import transaction
from blocks.register.draws import Draw, chain, decided_draws, public_files
from blocks.register.oversight import trail_lines
from blocks.rules.stages import KINDS, Role

OVERSEES = Rule(frozenset({Role.OFFICE, Role.AUDITOR}))
PATIENCE = 300  # seconds


@page("/audit", name="audit", rule=OVERSEES)
def audit(at: At) -> Shown:
    """Show the trail with filters; with `verify=1`, recompute it."""
    query = at.request.query_params
    verdict = _whole_trail() if query.get("verify") else None
    lines, more = trail_lines(at.session, thing=query.get("thing", ""), who=query.get("who", "").strip(),
                              scheme=query.get("scheme", "").strip(), before=query.get("before", ""))
    return Shown("audit.html.j2", {"lines": lines, "more": more, "verdict": verdict, "kinds": KINDS,
                                   "query": query, "site": settings.site_url(),
                                   "draws": decided_draws(at.session)})


def _whole_trail() -> tuple[int, list[str]]:
    """Recompute the trail in a transaction of its own: it is read by a cursor, a part at a time."""
    with transaction() as session:
        return trail.verify(session)


@page("/audit/draws/{code}/{number}", name="verify-draw", rule=OVERSEES)
def verify_draw(at: At) -> Shown:
    """Recompute a draw from its public files, as any stranger can, and show every step."""
    scheme = views.scheme(at.session, at.visitor.actor, at.params["code"])
    draw = next((one for one in decided_draws(at.session) if one.scheme_id == scheme.id
                 and str(one.number) == at.params["number"]), None)
    if draw is None:
        raise NotFound(f"{scheme.title}没有第{at.params['number']}次抽取的结果", "请从监督的页面打开")
    return Shown("verified.html.j2", {"scheme": scheme, "draw": draw, "lines": _verified(at.session, draw),
                                      "site": settings.site_url()})


def _verified(session: Session, draw: Draw) -> list[tuple[bool, str]]:
    """Return what the two verifiers say, run as a stranger runs them: on their own, on the files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / f"{draw.scheme.code}-{draw.number}"
        folder.mkdir()
        (folder.parent / "chain.jsonl").write_bytes(chain_jsonl(chain(session)))
        for file, content in public_files(session, draw.id).items():
            (folder / file).write_bytes(content)
        programs = [verifier, *([pairing_verifier] if (folder / "pairing.json").is_file() else [])]
        said = [line for program in programs for line in _said(Path(program.__file__), folder)]
    return [("不通过" not in line.split("：")[0], line.strip()) for line in said]


def _said(program: Path, folder: Path) -> list[str]:
    try:
        told = subprocess.run([sys.executable, program, folder], capture_output=True, text=True,
                              timeout=PATIENCE, check=False, env={"PYTHONUTF8": "1"})
    except subprocess.TimeoutExpired:
        raise StageError("名单太大，五分钟之内没有核验完", "请在服务器上用 choucha verify 核验") from None
    return told.stdout.splitlines() or [f"不通过 核验程序没有完成：{told.stderr[-200:]}"]
