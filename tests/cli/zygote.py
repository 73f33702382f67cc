"""Run many commands fast: import once, then fork a process for each line of JSON on stdin.

A line is [words, environment, file for stdout, file for stderr]; the answer is the exit code.
"""

import json
import os
import sys
import traceback

from flows.cli import main


def child(words: list[str], environment: dict[str, str], out: str, err: str) -> int:
    """Be the command: its own arguments, environment, output and exit code."""
    os.environ.clear()
    os.environ.update(environment)
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["choucha", *words]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        return 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os._exit(child(*json.loads(line)))
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
