"""Every article has its row; a coded one has code that imports and a test that exists."""

import importlib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ARTICLES = yaml.safe_load((ROOT / "config" / "articles.yaml").read_text("utf-8"))
CODED = [row for row in ARTICLES if row["disposition"] == "coded"]
CODE = sorted({path for row in CODED for path in row["code"]})
TESTS = sorted({path for row in CODED for path in row["tests"]})


def resolve(dotted: str) -> object:
    """Import the longest leading part that is a module, then follow the attributes."""
    parts = dotted.split(".")
    for length in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:length])
        try:
            found = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name and name.startswith(error.name):
                continue
            raise
        for attribute in parts[length:]:
            found = getattr(found, attribute)
        return found
    raise ModuleNotFoundError(dotted)


def test_every_article_has_one_row_in_order():
    assert [row["number"] for row in ARTICLES] == list(range(1, 16))


@pytest.mark.parametrize("row", ARTICLES, ids=lambda row: f"article{row['number']}")
def test_row_says_its_sense_and_disposition(row):
    assert row["sense"].strip()
    assert row["zh"].strip()
    assert row["disposition"] in ("coded", "manual", "context")
    wanted = {"number", "sense", "zh", "disposition"}
    assert set(row) == (wanted | {"code", "tests"} if row in CODED else wanted)
    assert row not in CODED or (row["code"] and row["tests"])


@pytest.mark.parametrize("dotted", CODE)
def test_code_of_a_coded_article_imports(dotted):
    assert resolve(dotted)


@pytest.mark.parametrize("path", TESTS)
def test_test_of_a_coded_article_exists(path):
    assert (ROOT / path).is_file(), f"{path} is named in config/articles.yaml but not there"
