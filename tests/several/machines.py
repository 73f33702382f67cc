"""An inspection on nine machines of which one of each kind dies on the way (`make several`)."""

import json
import os
import subprocess
import sys

from blocks import settings
from tests.several import lab


def story() -> dict:
    """Tell the story in a lab of its own; on addresses of loopback where the kernel allows no other."""
    inside = lab.can_enter()
    command = [sys.executable, "-m", "tests.several.story"]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CHOUCHA_", "PREFECT_"))}
    done = subprocess.run(lab.entered(command) if inside else command, capture_output=True, text=True, check=False,
                          cwd=settings.ROOT, env=env | {"LAB": "namespaces" if inside else "loopback"})
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_one_of_each_kind_dies_under_load_and_nothing_is_lost_or_done_twice():
    told = story()
    print(told)
    assert set(told["killed"]) == {"api1", "redis", "relay-work1", "work1", "web1"}
    assert told["stage"] == "publicised"
    assert (told["due"], told["wrong"], told["untold"]) == ([], [], 0)
    assert told["pages"] > 20, "somebody read all the while"
    assert told["signed_out"] == 0, "a session is known to every portal"
    assert told["broken"] <= 3, "the page under way when its portal died, and no other"
