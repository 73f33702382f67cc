"""`open_scene` and `look`: an inspection that stands where a test needs it."""

from collections.abc import Callable, Iterator

import pytest

from tests.actions.scenes import Scenes, the_scenes


@pytest.fixture
def scenes(cluster, tmp_path_factory, carry_on) -> Iterator[Scenes]:
    yield from the_scenes(cluster, tmp_path_factory.mktemp("scenes"), carry_on)


@pytest.fixture
def open_scene(scenes: Scenes) -> Callable[[str], str]:
    """Enter a copy of a scene that is this test's own; returns its scheme's code."""
    return scenes.open


@pytest.fixture
def look(scenes: Scenes) -> Callable[[str], str]:
    """Enter the copy of a scene that all refusals share; returns its scheme's code."""
    return scenes.look
