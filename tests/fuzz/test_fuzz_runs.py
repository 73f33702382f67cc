"""A short campaign runs with the tests; the long one is `make fuzz`."""

from tests.fuzz.__main__ import campaign


def test_some_hundred_damaged_inputs_bring_about_sentences_only(tmp_path, monkeypatch):
    monkeypatch.setenv("CHOUCHA_STATE", str(tmp_path))
    counted, found = campaign(60, seed=20261124, most=1500)
    assert found == []
    assert sum(counted.values()) >= 1500 and len(counted) >= 10
