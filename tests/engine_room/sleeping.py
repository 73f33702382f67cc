"""A flow that only takes its time: what a long nightly run looks like to the queue it waits in."""

import time

from prefect import flow


@flow
def sleep(seconds: int) -> None:
    time.sleep(seconds)
