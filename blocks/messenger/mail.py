"""Mail by SMTP: told apart are not taken, refused for good, and handed over without an answer."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

from blocks.errors import NotTaken, Refused, Unsure
from blocks.register.notices import Notice


@dataclass(frozen=True)
class Server:
    """A mail server. `tls`: off, starttls or tls (from the first byte)."""

    host: str
    port: int
    user: str
    password: str
    tls: str
    seconds: int


def message(notice: Notice, sender: str, recipient: str, subject: str, body: str, *,
            repeat: bool) -> EmailMessage:
    """Return the notice as a message; its Message-ID is the notice's business key (G6)."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(subject.split())  # a header holds no line break
    mail["From"], mail["To"] = sender, recipient
    mail["Date"] = format_datetime(notice.queued_at)
    mail["Message-ID"] = f"<{notice.key.replace(':', '.')}@choucha>"
    if repeat:
        mail["X-Choucha-Repeat"] = "perhaps"
    mail.set_content(body)
    return mail


def hand_over(server: Server, mail: EmailMessage) -> str:
    """Give a message to the server and return its address.

    Raises:
        NotTaken: it is away, slow, or says 4xx.
        Refused: it says 5xx: no such address, not allowed.
        Unsure: the text was handed over and the connection broke before the answer.
    """
    where = f"{server.host}:{server.port}"
    try:
        connection = _connect(server)
    except (OSError, smtplib.SMTPException) as error:
        raise NotTaken(f"邮件服务器 {where} 没有应答：{error}") from error
    try:
        _envelope(connection, mail)
        _text(connection, mail)
        return where
    finally:
        _part(connection)


def _connect(server: Server) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.tls == "tls":
        made: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=server.seconds, context=context)
    else:
        made = smtplib.SMTP(server.host, server.port, timeout=server.seconds)
    try:
        if server.tls == "starttls":
            made.starttls(context=context)
        if server.user:
            made.login(server.user, server.password)
        made.ehlo_or_helo_if_needed()
    except BaseException:
        made.close()
        raise
    return made


def _envelope(connection: smtplib.SMTP, mail: EmailMessage) -> None:
    try:
        for ask, address in ((connection.mail, mail["From"]), (connection.rcpt, mail["To"])):
            code, said = ask(address)
            _judge(code, said)
    except (OSError, smtplib.SMTPException) as error:
        raise NotTaken(f"邮件服务器没有收下：{error}") from error


def _text(connection: smtplib.SMTP, mail: EmailMessage) -> None:
    try:
        code, said = connection.data(mail.as_bytes())
    except smtplib.SMTPDataError as error:  # it did not even want the text
        code, said = error.smtp_code, error.smtp_error
    except (OSError, smtplib.SMTPException) as error:
        raise Unsure(f"邮件已交出，没有等到回音：{error}") from error
    _judge(code, said)


def _judge(code: int, said: bytes | str) -> None:
    if 200 <= code < 300:
        return
    words = f"邮件服务器回答 {code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    raise Refused(words) if code >= 500 else NotTaken(words)


def _part(connection: smtplib.SMTP) -> None:
    """Say good-bye; whether it is answered changes nothing."""
    try:
        connection.quit()
    except (OSError, smtplib.SMTPException):
        connection.close()
