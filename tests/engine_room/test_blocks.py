"""Prefect Blocks of ours: typed, secret, completed by Prefect only where no setting speaks."""

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from blocks import settings
from blocks.connections import PublicSite, Register
from blocks.gateway.block import Gateway
from blocks.messenger import Messenger

ALL = (Messenger, Register, PublicSite, Gateway)


@pytest.fixture
def named(monkeypatch):
    """Return a function that names settings in the environment."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    def name(**values: str) -> None:
        for key, value in values.items():
            monkeypatch.setenv(f"CHOUCHA_{key.upper()}", value)
        settings.get.cache_clear()

    yield name
    settings.get.cache_clear()


def test_blocks_are_made_of_the_settings_without_a_server(named, register):
    named(site_address="https://gongshi.example.gov.cn/", platform_url="https://sheng.example.gov.cn",
          platform_secret="钥匙", platform="http", smtp_host="mail.example.gov.cn")
    assert PublicSite.in_use().of_scheme("2026-001") == "https://gongshi.example.gov.cn/schemes/2026-001.html"
    assert (Gateway.in_use().mode, Gateway.in_use().secret.get_secret_value()) == ("http", "钥匙")
    assert (Messenger.in_use().smtp_host, Messenger.in_use().smtp_port) == ("mail.example.gov.cn", 25)
    assert Register.in_use().database_url.get_secret_value() == register


def test_what_a_setting_names_wins_and_the_block_fills_in_the_rest(named):
    named(smtp_host="mail.example.gov.cn")
    kept = Messenger(smtp_host="other.example.gov.cn", smtp_user="choucha", smtp_password=SecretStr("秘"))
    mine = kept.completing_settings()
    assert (mine.smtp_host, mine.smtp_user) == ("mail.example.gov.cn", "choucha")
    assert mine.smtp_password.get_secret_value() == "秘"
    assert kept.smtp_host == "other.example.gov.cn"


@pytest.mark.parametrize("block", ALL, ids=lambda one: one.__name__)
def test_a_secret_is_never_shown_and_every_block_tells_in_chinese_what_it_is_for(block):
    schema = block.model_json_schema()
    secrets = set(schema["secret_fields"])
    assert secrets == {name for name, field in block.model_fields.items() if field.annotation is SecretStr}
    shown = repr(block(**{name: SecretStr("不可见") for name in secrets}))
    assert "不可见" not in shown
    assert block._block_type_slug.startswith("choucha-")
    assert any("一" <= letter <= "鿿" for letter in block.get_description())


def test_the_registers_block_reads_and_cannot_change(register):
    block = Register(database_url=SecretStr(register))
    with block.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM schemes")) == 0
        with pytest.raises(InternalError, match="read-only"):
            session.execute(text("DELETE FROM schemes"))


def test_the_gateway_is_off_unless_a_setting_says_how_it_tells():
    assert Gateway().mode == "off"
    with pytest.raises(ValidationError):
        Gateway(mode="now")
