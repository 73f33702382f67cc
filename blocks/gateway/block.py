"""The gateway (Prefect Block) to the provincial platform: by files or by HTTP, one interface.

`give` hands an exchange over and answers in one of four ways: the platform's receipt (a text),
`NotTaken` (nothing arrived, later again), `Unsure` (perhaps; asked about first), `Refused` (a person
must look). By files it answers None: the office carries the workbook, and its receipt is imported.
Registered with `prefect block register -m blocks.gateway.block`.
"""

from pathlib import Path
from typing import Literal

from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks import settings
from blocks.connections import OfSettings
from blocks.errors import NotAnswering, Refused
from blocks.gateway import mapping, workbooks
from blocks.gateway.client import Line, Platform
from blocks.gateway.national import hold
from blocks.register.exchanges import BY_FILE, KINDS, Exchange

FOLDER = "platform"  # under the state directory: workbooks to be carried


class Gateway(OfSettings, Block):
    """How the provincial platform is told. The key stays secret in Prefect."""

    _block_type_name = "省级平台"
    _block_type_slug = "choucha-gateway"
    _description = "联合抽查向省级平台报送：导出平台格式的工作簿，或按接口报送。"

    _settings = {"mode": "platform"} | {name: f"platform_{name}" for name in (
        "mapping", "url", "app", "secret", "signing", "certificate", "ca", "seconds", "per_minute")}

    mode: Literal["off", "files", "http"] = "off"
    mapping: str = "national"
    url: str = ""
    app: str = "choucha"
    secret: SecretStr = SecretStr("")
    signing: Literal["sm3", "sha256"] = "sm3"
    certificate: Path | None = None
    ca: Path | None = None
    seconds: int = 20
    per_minute: int = 600

    def platform(self) -> Platform:
        return Platform(Line(self.url, self.app, self.secret.get_secret_value(), self.signing,
                             self.certificate, self.ca, self.seconds))

    def give(self, one: Exchange) -> str | None:
        """Hand one exchange over; return its receipt, None where a person carries it.

        Raises:
            NotTaken, Unsure, Refused: see `blocks.errors`.
        """
        if one.kind == "publications":
            hold(one.content)
        if self.mode == BY_FILE:
            try:
                layout = mapping.layout(one.kind, self.mapping)
            except NotAnswering as error:
                raise Refused(error.message) from None
            workbooks.write(layout, one.content, self.file(one))
            return None
        with self.platform() as platform:
            return platform.give(one.key, one.kind, one.scheme.code, one.sha, one.content)

    def ask(self, one: Exchange) -> str | None:
        """Return the receipt of an exchange whose answer was lost; None: the platform knows nothing of it."""
        if self.mode == BY_FILE:
            return None
        with self.platform() as platform:
            return platform.ask(one.key, one.sha)

    def file(self, one: Exchange) -> Path:
        """Return where the workbook of an exchange lies: the same place each time it is written."""
        folder = settings.state_dir() / FOLDER
        folder.mkdir(exist_ok=True)
        return folder / f"{one.id:06d}-{one.scheme.code}-{KINDS[one.kind]}.xlsx"
