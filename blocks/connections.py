"""Prefect Blocks: where the register and the public site are.

The settings are the truth, so that portal and commands work with Prefect away (G20). A block document
`default` in Prefect fills in, field by field, what no setting names: an administrator may keep a
password there instead of in a file. Nothing of the settings is copied into Prefect (G19). Registered with
`prefect block register -m blocks.connections`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar, Self

import httpx
from prefect.blocks.core import Block
from pydantic import Field, SecretStr
from sqlalchemy import text
from sqlalchemy.orm import Session

from blocks import settings
from blocks.register import database


class OfSettings:
    """What a block of ours has besides its fields; `_settings` names the setting of each field."""

    _settings: ClassVar[Mapping[str, str]]

    @classmethod
    def from_settings(cls) -> Self:
        """Return the block as the settings have it; no server is asked."""
        wanted = settings.get()
        return cls(**{field: getattr(wanted, name) for field, name in cls._settings.items()})

    @classmethod
    def in_use(cls) -> Self:
        """Return the settings, completed by the block document `default` where they name nothing."""
        if not settings.api_url():  # outside the engine `load` would start a server of its own
            return cls.from_settings()
        try:
            return cls.load("default").completing_settings()
        except (ValueError, httpx.HTTPError):
            return cls.from_settings()

    def completing_settings(self) -> Self:
        """Return this block with every field that a setting names as the setting has it."""
        mine, named = self.from_settings(), settings.get().model_fields_set
        return self.model_copy(update={field: getattr(mine, field) for field, name in self._settings.items()
                                       if name in named})


class Register(OfSettings, Block):
    """The register's database, for flows of the city's own that count and compare."""

    _block_type_name = "登记库"
    _block_type_slug = "choucha-register"
    _description = "联合抽查的登记库（PostgreSQL）。本市自己的统计流程由此读取；只能读，不能改。"
    _settings = {"database_url": "database_url"}  # noqa: RUF012

    database_url: SecretStr = Field(SecretStr(""), title="数据库地址", description="postgresql://用户:口令@主机/库")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that can read and change nothing."""
        url = self.database_url.get_secret_value().replace("postgresql://", "postgresql+psycopg://", 1)
        with Session(database.engine(url or settings.database_url())) as session:
            session.execute(text("SET TRANSACTION READ ONLY"))
            yield session


class PublicSite(OfSettings, Block):
    """Where the public reads."""

    _block_type_name = "公示网站"
    _block_type_slug = "choucha-public-site"
    _description = "公众看到的公示网站的地址；产物里的链接指向它。"
    _settings = {"address": "site_address"}  # noqa: RUF012

    address: str = Field("", title="网址", description="例如 https://gongshi.example.gov.cn/；留空用本机的地址")

    def of_scheme(self, code: str) -> str:
        """Return the address of a scheme's public page, or "" where no site is known."""
        site = (self.address or settings.site_url()).rstrip("/")
        return f"{site}/schemes/{code}.html" if site else ""
