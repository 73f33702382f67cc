"""`choucha portal` alone, as behind a proxy; who may look in after `make demo KEEP=1`."""

import re
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx

from blocks import settings
from blocks.portal.access import PEOPLE
from blocks.register.database import transaction
from blocks.register.directories import account
from flows.cli import running
from tests.portal.conftest import Person

MOST_MB = 250


def test_choucha_portal_serves_it_alone_and_stays_small(city):
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("choucha")
    process = subprocess.Popen([program, "portal", "--port", str(port)], cwd=settings.ROOT)
    try:
        base = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                httpx.get(f"{base}/sign-in")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        office = Person(base, "bangong")
        for path in ("/", "/office", "/schemes", "/accounts", "/catalogue", "/audit?verify=1", "/calendar"):
            office.sees(path)
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())[1])
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert peak < MOST_MB * 1024, f"{peak // 1024} MB"


def test_after_the_demo_somebody_of_every_role_can_sign_in(city, server, capsys):
    running.tell_sign_ins(server)
    told = capsys.readouterr().out
    logins = re.findall(r"^    (\S+) ", told, re.M)
    with transaction() as session:
        roles = {role for login in logins for role in account(session, login).roles}
    assert roles >= {role.value for role in PEOPLE}, told
    for login in logins:
        http = httpx.Client(base_url=server)
        answer = http.post("/sign-in", data={"login": login, "password": running.DEMO_PASSWORD})
        assert answer.status_code == 303 and "我的待办" in http.get("/").text
