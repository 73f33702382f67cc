"""A short campaign runs with the tests; the long one is `make fuzz`."""

import os
import re
import subprocess
import sys

from blocks import settings


def test_some_hundred_damaged_inputs_bring_about_sentences_only(tmp_path):
    """In a process of its own: its peak of memory is that of the reading alone."""
    command = [sys.executable, "-m", "tests.fuzz", "--minutes", "1", "--seed", "20261124", "--most", "1500"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=settings.ROOT,
                          env=os.environ | {"CHOUCHA_STATE": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    inputs, found = map(int, re.search(r"(\d+) inputs, (\d+) findings", done.stdout).groups())
    assert found == 0
    assert inputs >= 1500 and len(done.stdout.splitlines()) - 1 >= 10
