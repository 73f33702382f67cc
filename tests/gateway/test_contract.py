"""The contract by HTTP: signed by both hashes, by both sides, over mutual TLS; the file that describes it."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.x509.oid import NameOID
from jsonschema import Draft202012Validator

from blocks import settings
from blocks.errors import NotAnswering, NotTaken, Unsure
from blocks.gateway import signing
from blocks.gateway.client import Line, Platform
from tests.gateway.conftest import SECRET, started

ROWS = [{"key": "x:1", "scheme_code": "2026-001"}]


def contract() -> dict:
    return yaml.safe_load((settings.CONFIG / "gateway" / "platform.openapi.yaml").read_text("utf-8"))


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_our_signature_is_that_of_two_libraries(length):
    key, message = b"k" * length, "样例\nPUT".encode()
    sm3 = HMAC(key, hashes.SM3())
    sm3.update(message)
    assert signing.mac("sm3", key, message) == sm3.finalize().hex()
    assert signing.mac("sha256", key, message) == hmac.new(key, message, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("name", ["sm3", "sha256"])
def test_both_hashes_are_spoken_and_a_wrong_key_is_told(name):
    process, url = started("--signing", name)
    try:
        platform = Platform(Line(url, "choucha", SECRET, name))
        receipt = platform.give("k:1", "schemes", "2026-001", "ab" * 32, ROWS)
        assert receipt.startswith("HZ") and platform.ask("k:1", "ab" * 32) == receipt
        assert platform.ask("k:2", "ab" * 32) is None
        platform.http.post("/sim/put", json={"shelf": "directories", "key": "targets", "value": [
            {"n": n} for n in range(120)]})
        assert [one["n"] for one in platform.directory("targets")] == list(range(120))  # three pages
        with pytest.raises(NotTaken, match="签名不符，请核对密钥"):
            Platform(Line(url, "choucha", "别的密钥", name)).ask("k:1", "ab" * 32)
    finally:
        process.kill()
        process.wait()


def test_a_clock_ten_minutes_off_is_told_in_minutes_and_nothing_is_lost(province, told):
    told(now=(datetime.now(UTC) - timedelta(minutes=10)).isoformat())
    with pytest.raises(NotTaken, match="本机比平台慢10分钟，请校准"):
        Platform(Line(province.url, "choucha", SECRET)).give("k", "schemes", "2026-001", "ab" * 32, ROWS)
    assert province.taken == {}


def test_an_address_that_is_not_https_is_refused_before_a_word_is_said():
    with pytest.raises(NotAnswering, match="不是 https"):
        Platform(Line("http://pingtai.example.gov.cn", "choucha", SECRET))


def certificate(folder: Path, name: str, issuer: tuple | None = None) -> tuple:
    """Make a certificate and write it, with its key, into NAME.pem; return both."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by, signer = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    now = datetime.now(UTC)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(by).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .add_extension(x509.KeyUsage(*(True, *[False] * 4, issuer is None, issuer is None, False, False)),
                           critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(signer, hashes.SHA256()))
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return made, key


def test_with_mutual_tls_only_who_shows_a_certificate_is_heard(tmp_path):
    ca = certificate(tmp_path, "ca")
    for name in ("platform", "city"):
        certificate(tmp_path, name, ca)
    process, url = started("--tls", str(tmp_path / "platform.pem"), "--client-ca", str(tmp_path / "ca.pem"))
    try:
        url = url.replace("127.0.0.1", "localhost")
        known = Line(url, "choucha", SECRET, ca=tmp_path / "ca.pem", certificate=tmp_path / "city.pem")
        assert Platform(known).give("k", "schemes", "2026-001", "ab" * 32, ROWS).startswith("HZ")
        with pytest.raises((NotTaken, Unsure)):
            Platform(Line(url, "choucha", SECRET, ca=tmp_path / "ca.pem")).ask("k", "ab" * 32)
        with pytest.raises(NotTaken, match="没有应答"):
            Platform(Line(url, "choucha", SECRET, certificate=tmp_path / "city.pem")).ask("k", "ab" * 32)
    finally:
        process.kill()
        process.wait()


def test_the_contract_names_what_we_call_and_what_we_send(province):
    paths = contract()["paths"]
    client = (settings.ROOT / "blocks" / "gateway" / "client.py").read_text("utf-8")
    assert all(path.split("{")[0].rstrip("/") in client for path in paths)
    body = paths["/v1/exchanges/{key}"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    Platform(Line(province.url, "choucha", SECRET)).give("k", "schemes", "2026-001", "ab" * 32, ROWS)
    one = province.taken["k"]
    sent = {name: one[name] for name in ("kind", "scheme", "sha", "rows")}
    assert not list(Draft202012Validator(body).iter_errors(sent))
    assert list(Draft202012Validator(body).iter_errors({**sent, "kind": "persons"}))
