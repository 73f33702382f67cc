"""Who may be what (art. 4 to 6): the roles, and who acts."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account may be. `system` is a flow's service account, never a person; `business`
    is the one account in whose name a business acts by the code on its notice."""

    OFFICE = "office"
    DRAFTER = "drafter"
    APPROVER = "approver"
    INSPECTOR = "inspector"
    AUDITOR = "auditor"
    BUSINESS = "business"
    SYSTEM = "system"


ROLE_LABELS = {
    Role.OFFICE: "联席会议办公室",
    Role.DRAFTER: "经办人",
    Role.APPROVER: "审批人",
    Role.INSPECTOR: "执法检查人员",
    Role.AUDITOR: "监督人员",
    Role.BUSINESS: "被检查企业",
    Role.SYSTEM: "系统",
}


@dataclass(frozen=True)
class Actor:
    """Who acts: an account, its department and roles. `run` names the flow run, if one acts."""

    id: int
    login: str
    name: str
    department_id: int | None = None
    roles: frozenset[Role] = frozenset()
    inspector_id: int | None = None
    run: str | None = None

    @property
    def is_of_no_department(self) -> bool:
        return bool(self.roles & {Role.SYSTEM, Role.BUSINESS})
