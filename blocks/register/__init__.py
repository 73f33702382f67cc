"""The register (登记库): what is true. PostgreSQL by SQLAlchemy; floor 1.

`trail` is the one door for change, `due` answers what waits for a flow, `database` opens
transactions; the other modules are the nouns.
"""

from blocks.register import (  # noqa: F401  (every table must be known to the metadata)
    aftermath,
    almanac,
    appraisals,
    attachments,
    catalogue,
    deliveries,
    differences,
    directories,
    drawn_there,
    draws,
    exchanges,
    feeds,
    guard,
    notices,
    plans,
    published,
    reminders,
    rounds,
    schemes,
    sessions,
    trail,
    visits,
)
from blocks.register.base import Base
from blocks.register.database import transaction

__all__ = ["Base", "transaction"]
