"""The pages, a desk a file, and beside each the deeds that can be done there."""

from blocks.portal.pages import (  # noqa: F401  (each declares its pages and deeds)
    accounts,
    aftermath,
    appraising,
    auditing,
    business,
    calendar,
    checks,
    desk,
    drawing,
    engine_room,
    exchanging,
    messages,
    office,
    papers,
    plans,
    schemes,
)
