"""The demo beside a simulated provincial platform (PLATFORM=sim), a program of its own on loopback."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from blocks import settings
from blocks.errors import RuleViolation


@contextmanager
def beside_platform(wanted: str) -> Iterator[None]:
    """Let the platform that is wanted run meanwhile, and every process started from here know it.

    Raises:
        RuleViolation: it is neither empty nor `sim`.
    """
    if wanted not in ("", "sim"):
        raise RuleViolation(f"PLATFORM={wanted} 看不懂", "演示只认 PLATFORM=sim；真的平台请设 CHOUCHA_PLATFORM")
    if not wanted:
        yield
        return
    secret = secrets.token_hex(16)
    with subprocess.Popen([sys.executable, "-m", "tests.gateway.simulator", "--secret", secret],
                          stdout=subprocess.PIPE, text=True, cwd=settings.ROOT) as process:
        try:
            url = process.stdout.readline().strip()
            os.environ |= {"CHOUCHA_PLATFORM": "http", "CHOUCHA_PLATFORM_URL": url, "CHOUCHA_PLATFORM_SECRET": secret}
            settings.get.cache_clear()
            yield
        finally:
            process.kill()
