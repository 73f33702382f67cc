"""One's own password; the office's accounts (art. 5)."""

from starlette.datastructures import FormData

from blocks.actions import Done, accounts
from blocks.portal.access import EVERYBODY, Rule
from blocks.portal.routes import At, Shown, deed, page
from blocks.register import views
from blocks.register.directories import people_accounts
from blocks.rules.stages import ROLE_LABELS, Role

OFFICE = Rule(frozenset({Role.OFFICE}))


@page("/password", name="password")
def password(at: At) -> Shown:
    """Ask for the old password and a new one."""
    return Shown("password.html.j2", {})


@page("/accounts", name="accounts", rule=OFFICE)
def all_accounts(at: At) -> Shown:
    """Show the accounts, and the form for a new one."""
    return Shown("accounts.html.j2", {
        "accounts": people_accounts(at.session), "departments": views.departments(at.session),
        "labels": {role.value: ROLE_LABELS[role] for role in accounts.PEOPLE}})


def change(login: str, old: str, new: str, again: str, token: str = "") -> Done:
    """Change one's own password; it is typed twice."""
    if new != again:
        raise accounts.RuleViolation("两次输入的新密码不一样", "请重新输入")
    return accounts.change_password(login, old, new, token=token or None)


def _new_account(form: FormData) -> dict:
    return {"login": str(form.get("login", "")).strip(), "name": str(form.get("name", "")).strip(),
            "roles": [str(one) for one in form.getlist("roles")],
            **{name: str(form.get(name)) for name in ("department_code", "certificate")
               if form.get(name)}}


deed("/password", change, EVERYBODY, back="/")
deed("/accounts", accounts.new, OFFICE, back="/accounts", parse=_new_account)
deed("/accounts/{login}/password", accounts.give_password, OFFICE, back="/accounts")
deed("/sign-out-everywhere", accounts.sign_out_everywhere, EVERYBODY, back="/")
