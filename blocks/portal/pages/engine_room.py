"""What the engine tells; it has a token and no page."""

from blocks.actions import engine_room
from blocks.portal.access import Rule
from blocks.portal.routes import deed
from blocks.rules.stages import Role

deed("/engine/runs", engine_room.tell_run, Rule(frozenset({Role.SYSTEM})), back="/messages")
