"""A flow with nothing in it: what the engine needs by itself to begin a run."""

from prefect import flow


@flow(name="空流程")
def empty() -> None:
    """Do nothing."""
