"""`open_scene` and `look`: an inspection that stands where a test needs it."""

from collections.abc import Callable, Iterator

import pytest

from blocks import settings
from blocks.register import database
from tests.actions.scenes import Scenes, the_scenes


@pytest.fixture(scope="session")
def scenes(cluster, tmp_path_factory) -> Iterator[Scenes]:
    yield from the_scenes(cluster, tmp_path_factory.mktemp("scenes"))


@pytest.fixture
def open_scene(scenes, carry_on) -> Iterator[Callable[[str], str]]:
    """Enter a copy of a scene that is this test's own; returns its scheme's code."""
    yield lambda name: scenes.open(name, carry_on)
    database.engine(settings.database_url()).dispose()


@pytest.fixture
def look(scenes, carry_on) -> Iterator[Callable[[str], str]]:
    """Enter the copy of a scene that all refusals share; returns its scheme's code."""
    yield lambda name: scenes.look(name, carry_on)
    database.engine(settings.database_url()).dispose()
