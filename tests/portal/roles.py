"""Who comes to the portal: every role, of the lead, of a participating and of a foreign department."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from blocks.errors import InspectionError
from blocks.register import sessions
from blocks.register.database import transaction
from blocks.register.directories import account, service_account
from blocks.rules.stages import Role
from tests import people
from tests.scenes import everything, hired

SIDES = {"lead": "gaj", "participating": "xfjy", "foreign": "sthj"}
LEADER, SECOND = "inspector-lead", "second-lead"  # who sit in the lead's first check, once seated
UNTOLD = ("web_sessions", "api_tokens", "submissions", "credentials")


@dataclass(frozen=True)
class Somebody:
    """A person of a test: what he or she is, and the keys to the portal and to the API."""

    name: str
    login: str = ""
    role: Role | None = None
    side: str = ""
    cookie: str = ""
    csrf: str = ""
    token: str = ""

    @property
    def department(self) -> str:
        return SIDES.get(self.side, "")

    @property
    def headers(self) -> dict[str, str]:
        """Return what the browser and the machine send along."""
        return {"Cookie": f"choucha={self.cookie}", "Authorization": f"Bearer {self.token}"} if (
            self.login) else {}


def _of_departments() -> Iterator[tuple[str, str, Role, str]]:
    for side, department in SIDES.items():
        for role in (Role.OFFICE, Role.DRAFTER, Role.APPROVER, Role.AUDITOR):
            name = f"{role}-{side}"
            yield name, hired(name, f"{department}.jingban", roles=[role.value]), role, side


def _engine() -> Iterator[tuple[str, str, Role, str]]:
    """Yield the account by whose token the engine's automations speak."""
    with transaction() as session:
        yield "engine", service_account(session, "engine", "流程引擎").login, Role.SYSTEM, ""


def _inspectors(code: str) -> Iterator[tuple[str, str, Role, str]]:
    """Yield inspectors: those seated, where there are any, and one who sits nowhere."""
    for side, department in SIDES.items():
        try:
            seated = [team for _, team in people.teams(code, department) if len(team) > 1]
        except InspectionError:
            seated = []
        first, second = (seated or [[f"{department}.01", f"{department}.02"]])[0]
        yield f"inspector-{side}", first, Role.INSPECTOR, side
        if side == "lead":
            yield SECOND, second, Role.INSPECTOR, side
            taken = {login for team in seated for login in team} | {first, second}
            idle = next(f"{department}.{n:02}" for n in range(1, 9) if f"{department}.{n:02}" not in taken)
            yield "idle-lead", idle, Role.INSPECTOR, side


def everybody(code: str) -> dict[str, Somebody]:
    """Return everybody by name, signed in and with a token each; nobody last."""
    found = {}
    for name, login, role, side in [*_of_departments(), *_inspectors(code), *_engine()]:
        with transaction() as session:
            who = account(session, login)
            cookie = sessions.begin(session, who)
            session.flush()
            csrf = sessions.find(session, cookie).csrf
            found[name] = Somebody(name, login, role, side, cookie, csrf,
                                   sessions.give_token(session, who))
    return found | {"nobody": Somebody("nobody")}


def register() -> Mapping[str, str]:
    """Return a digest of everything but who is signed in and what was sent."""
    return {table: rows for table, rows in everything().items() if table not in UNTOLD}
