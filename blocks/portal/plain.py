"""Pages that need nobody signed in: signing in, and what was typed where no page can be made."""

from typing import Any

from fastapi.responses import HTMLResponse, Response

from blocks import settings
from blocks.templating import render

LIBRARY = settings.ROOT / "node_modules" / "htmx.org" / "dist"  # by `npm ci` at set-up
HTMX = "/vendor/htmx.min.js" if (LIBRARY / "htmx.min.js").is_file() else ""


def plain(template: str, status: int, **values: Any) -> Response:
    """Return a page for whoever it is."""
    return HTMLResponse(render(f"portal/{template}", visitor=None, csrf="", once=str, done=None, today=None,
                               roles="", htmx="", engine_away=False, **{"typed": {}, **values}), status)
