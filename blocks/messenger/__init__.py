"""The messenger (Prefect Block): carries a notice by mail, robot, SMS or whatever else is configured.

Every channel answers in one of four ways: where it went (a text), `NotTaken` (try again), `Refused`
(a person must look), `Unsure` (handed over, the answer lost). Each message bears the notice's key, by
mail as its Message-ID, so that a repeat is recognised. Without `smtp_host` mail is written as .eml files
under the state directory. Registered with `prefect block register -m blocks.messenger`.
"""

from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks import settings
from blocks.connections import OfSettings
from blocks.errors import Refused
from blocks.messages import outgoing
from blocks.messenger import hooks, mail
from blocks.register.deliveries import Delivery


class Messenger(OfSettings, Block):
    """Where notices go. Passwords stay secret in Prefect."""

    _block_type_name = "消息通道"
    _block_type_slug = "choucha-messenger"
    _description = "联合抽查的通知从这里发出：邮件服务器、群机器人、短信接口，或本机的待发文件夹。"

    _settings = {"sender": "smtp_from", "seconds": "channel_seconds"} | {name: name for name in (
        "smtp_host", "smtp_port", "smtp_user", "smtp_password", "smtp_tls", "wecom_host", "dingtalk_host",
        "feishu_host", "sms_url", "sms_token")}

    smtp_host: str = ""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: str = "off"
    sender: str = "choucha@localhost"
    wecom_host: str = "https://qyapi.weixin.qq.com"
    dingtalk_host: str = "https://oapi.dingtalk.com"
    feishu_host: str = "https://open.feishu.cn"
    sms_url: str = ""
    sms_token: SecretStr = SecretStr("")
    seconds: int = 20

    def send(self, one: Delivery) -> str:
        """Carry one delivery and return where it went.

        Raises:
            NotTaken, Refused, Unsure: see `blocks.errors`.
        """
        subject, body = outgoing(one.notice)
        if one.channel == "mail":
            return self._mail(one, subject, body)
        told = f"{subject}\n{body.rstrip()}\n（编号 {one.notice.key}）"
        if one.channel == "other":
            return hooks.by_apprise(one.address, subject, told)
        ask = hooks.REQUESTS.get(one.channel)
        host = {"wecom": self.wecom_host, "dingtalk": self.dingtalk_host, "feishu": self.feishu_host,
                "sms": self.sms_url}.get(one.channel, "")
        if ask is None or not host:
            raise Refused(f"渠道「{one.channel}」没有配置")
        secret = self.sms_token.get_secret_value() if one.channel == "sms" else one.secret
        request = ask(host.rstrip("/"), one.address, secret, told, settings.now())
        return hooks.post(request, key=one.notice.key, seconds=self.seconds)

    def _mail(self, one: Delivery, subject: str, body: str) -> str:
        made = mail.message(one.notice, self.sender, one.address, subject, body, repeat=one.tries > 1)
        if not self.smtp_host:
            folder = settings.state_dir() / "outgoing"
            folder.mkdir(exist_ok=True)
            path = folder / f"{one.id:06d}.eml"
            path.write_bytes(made.as_bytes())
            return path.name
        server = mail.Server(self.smtp_host, self.smtp_port, self.smtp_user,
                             self.smtp_password.get_secret_value(), self.smtp_tls, self.seconds)
        return mail.hand_over(server, made)
