"""The site's folder: changed all at once, or not at all, wherever it dies."""

import os
import random
import resource
import signal
import sys
from pathlib import Path

import pytest

from blocks.errors import NotAnswering
from blocks.public_site.tree import Tree

OLD = {"index.html": b"old", "a/b/1.html": b"one", "a/b/2.html": b"two", "c/3.json": b"{}"}
CHANGES = {"index.html": b"new", "a/b/1.html": None, "a/b/4.html": b"four", "d/e/f/5.html": b"five"}
NEW = {"index.html": b"new", "a/b/2.html": b"two", "a/b/4.html": b"four", "c/3.json": b"{}",
       "d/e/f/5.html": b"five"}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path / "public")
    made.change(OLD)
    return made


def served(tree: Tree) -> dict[str, bytes]:
    return {path: tree.read(path) for path in tree.files()}


def in_a_child(act) -> int:
    """Carry something out in a process of its own; return how it ended."""
    child = os.fork()
    if not child:
        try:
            act()
        except BaseException:
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_change_is_served_whole(tree):
    assert served(tree) == OLD
    assert tree.change(CHANGES) == sorted(CHANGES)
    assert served(tree) == NEW


def test_what_did_not_change_keeps_its_time_and_what_is_the_same_makes_no_new_site(tree):
    before = os.stat(tree.public / "c/3.json")
    link = os.readlink(tree.public)
    assert tree.change(OLD) == []
    assert os.readlink(tree.public) == link
    tree.change(CHANGES)
    assert os.stat(tree.public / "c/3.json").st_ino == before.st_ino


def test_who_reads_the_old_site_reads_on_while_it_is_switched(tree):
    folder = Path(os.path.realpath(tree.public))
    tree.change(CHANGES)
    assert (folder / "a" / "b" / "1.html").read_bytes() == b"one"
    assert tree.tidy() == 0, "not yet: somebody may be reading"
    assert tree.tidy(older_than=-1) > 0
    assert not folder.exists()
    assert served(tree) == NEW
    assert tree.tidy(older_than=-1) == 0


def test_killed_at_every_write_it_serves_the_old_site_or_the_new_one(tmp_path):
    """Every call that opens, links, makes, renames in the state directory is a place to die at."""
    seen, number = set(), 0
    while True:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        tree = Tree(folder / "public")
        tree.change(OLD)

        def dies(tree=tree, folder=folder, at=number):
            left = [at]

            def hook(event: str, args: tuple) -> None:
                if str(folder) in str(args) and event.split(".")[0] in ("open", "os"):
                    left[0] -= 1
                    if left[0] == 0:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(hook)
            tree.change(CHANGES)

        ended = in_a_child(dies)
        now = served(tree)
        assert now in (OLD, NEW), f"a mixture after {number} calls"
        seen.add(now == NEW)
        tree.change(CHANGES)
        assert served(tree) == NEW, "the next run finishes it"
        if ended == 0:
            break
    assert number > 30
    assert seen == {True, False}


def test_a_full_disk_leaves_the_old_site(tree):
    large = {"index.html": b"new", "z.html": b"z" * 100_000}

    def fills() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            tree.change(large)
        except NotAnswering as error:
            os._exit(7 if "原来的网站没有改动" in error.remedy else 8)

    assert in_a_child(fills) == 7
    assert served(tree) == OLD
    tree.change(large)
    assert served(tree) == {**OLD, **large}


def test_a_plain_folder_of_an_earlier_version_steps_aside(tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "index.html").write_text("earlier")
    tree = Tree(tmp_path / "public")
    assert not tree
    tree.change(OLD)
    assert served(tree) == OLD
    aside = [one for one in tmp_path.iterdir() if one.name.startswith("public-")]
    assert [(one / "index.html").read_text() for one in aside] == ["earlier"]


@pytest.mark.parametrize("path", ["../out.html", "a/../../out", "/etc/x", "a//b", ""])
def test_no_path_leads_out_of_the_site(tree, path):
    with pytest.raises(ValueError, match="no path"):
        tree.change({path: b"x"})
    assert served(tree) == OLD


def test_a_thousand_random_changes_end_where_a_dictionary_ends(tmp_path):
    chance, tree, model = random.Random(7), Tree(tmp_path / "public"), {}
    for _ in range(200):
        files = {f"{chance.randrange(3)}/{chance.randrange(4)}/{chance.randrange(5)}.html":
                 chance.choice([None, str(chance.random()).encode()]) for _ in range(5)}
        tree.change(files)
        model = {path: content for path, content in (model | files).items() if content is not None}
        assert served(tree) == model
