"""Instants as the draw's files write them."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """Write an instant in UTC and whole seconds: `2026-11-23T02:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
