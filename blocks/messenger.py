"""The messenger (Prefect Block): carries a notice to a mailbox, or into the outgoing folder.

Without `smtp_host` each message is written as one .eml file under the state directory, so that
nothing is lost in an office without mail. Registered with `prefect block register -m
blocks.messenger`.
"""

import smtplib
from email.message import EmailMessage
from email.utils import format_datetime

from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks import settings
from blocks.register.notices import Notice


class Messenger(Block):
    """Where notices go. Passwords stay secret in Prefect."""

    _block_type_name = "消息通道"
    _block_type_slug = "choucha-messenger"
    _description = "联合抽查的通知从这里发出：邮件服务器，或本机的待发文件夹。"

    smtp_host: str = ""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    sender: str = "choucha@localhost"

    @classmethod
    def from_settings(cls) -> "Messenger":
        wanted = settings.get()
        return cls(smtp_host=wanted.smtp_host, smtp_port=wanted.smtp_port,
                   sender=wanted.smtp_from)

    @classmethod
    def in_use(cls) -> "Messenger":
        """Return the block document `default` if an administrator made one, else the settings."""
        if not settings.api_url():  # outside the engine `load` would start a server of its own
            return cls.from_settings()
        try:
            return cls.load("default")
        except ValueError:
            return cls.from_settings()

    def message(self, notice: Notice, recipient: str) -> EmailMessage:
        """Return the notice as a message; its Message-ID is the notice's business key (G6)."""
        mail = EmailMessage()
        mail["Subject"] = " ".join(notice.subject.split())  # a header holds no line break
        mail["From"], mail["To"] = self.sender, recipient
        mail["Date"] = format_datetime(notice.queued_at)
        mail["Message-ID"] = f"<{notice.key.replace(':', '.')}@choucha>"
        mail.set_content(notice.body)
        return mail

    def send(self, notice: Notice, recipient: str) -> str:
        """Send one notice and return where it went.

        Raises:
            OSError, smtplib.SMTPException: it was not taken; ask again later.
        """
        mail = self.message(notice, recipient)
        if not self.smtp_host:
            folder = settings.state_dir() / "outgoing"
            folder.mkdir(exist_ok=True)
            path = folder / f"{notice.id:06d}.eml"
            path.write_bytes(mail.as_bytes())
            return path.name
        with smtplib.SMTP(self.smtp_host, self.smtp_port, timeout=20) as server:
            if self.smtp_user:
                server.starttls()
                server.login(self.smtp_user, self.smtp_password.get_secret_value())
            server.send_message(mail)
        return f"{self.smtp_host}:{self.smtp_port}"
