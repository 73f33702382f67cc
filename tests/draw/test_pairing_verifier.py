"""The verifier of pairings: honest ones pass, every tampering is found and the check named."""

import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from blocks.draw import pairing_verifier, verifier
from blocks.draw.checking import check_pairing
from blocks.draw.pairing import Pairing, pair
from blocks.draw.pairing_file import build_pairing
from blocks.draw.redraw import add_left, add_redraw, teams
from blocks.errors import DrawError
from tests.draw.pairing_cases import CoarseTickets, every_lawful, small_case
from tests.draw.pairing_folder import AT, Folder, a_city

CHECKS = list(pairing_verifier.NAMES.values())


def failing(folder: Path) -> list[str]:
    return [name for _, name, holds, _ in pairing_verifier.verify(folder) if not holds]


@pytest.fixture(scope="module")
def city() -> Folder:
    return a_city()


@pytest.mark.parametrize("hash_name", ["sm3", "sha256"])
def test_an_honest_pairing_passes_every_check(tmp_path, hash_name):
    told = pairing_verifier.verify(a_city(hash_name).write(tmp_path))
    assert [name for _, name, _, _ in told] == CHECKS
    assert all(holds for _, _, holds, _ in told), told
    assert "2 个部门，12 次检查，10 名检查人员" in told[0][3]


def test_a_stranger_runs_it_beside_the_other_verifier_with_python_alone(tmp_path, city):
    for module in (verifier, pairing_verifier):
        shutil.copy(module.__file__, tmp_path)
    folder = city.write(tmp_path / "draw", lists=False)
    command = [sys.executable, str(tmp_path / "pairing_verifier.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("通过") == 6 and "由监督人员核对" in done.stdout
    (folder / "pairing.json").unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 1 and "不通过 匹配文件：缺少 pairing.json" in done.stdout


def test_it_works_where_openssl_has_no_sm3(tmp_path, city, monkeypatch):
    monkeypatch.setattr(pairing_verifier.hashlib, "algorithms_available", {"sha256"})
    assert failing(city.write(tmp_path)) == []


def swapped(city, code="gaj"):
    """A seat given to another who may have it: lawful, but dearer."""
    record = city.copy(code)
    for seat in record["seats"]:
        pool = record["pools"][next(
            v["pool"] for v in record["visits"] if v["id"] == seat["visit"])]
        other = [one for one in pool if one not in seat["inspectors"]]
        if other:
            seat["inspectors"][1] = other[0]
            return record["seats"]
    raise AssertionError


def without_leader(city):
    seats = city.copy("gaj")["seats"]
    seats[0]["inspectors"] = ["gaj01", "gaj03"]
    return seats


def outsider(city):
    """Somebody who must keep away from the business."""
    record = city.copy("gaj")
    for visit, seat in zip(record["visits"], record["seats"], strict=True):
        away = {f"gaj{n:02d}" for n in range(5)} - set(record["pools"][visit["pool"]])
        if away:
            seat["inspectors"][1] = away.pop()
            return record["seats"]
    raise AssertionError


TAMPERED = {
    "dearer": (lambda c: {"seats": swapped(c)}, {"最优唯一", "候选"}),
    "objective": (lambda c: {"objective": str(int(c.records["gaj"]["objective"]) + 1)}, {"最优唯一"}),
    "k": (lambda c: {"k": 32}, {"候选"}),
    "suffix": (lambda c: {"suffix": 2}, {"候选"}),
    "a tie that was none": (lambda c: {"suffix": 2, "ties": [c.records["gaj"]["seats"]]},
                            {"候选", "最优唯一"}),
    "no leader": (lambda c: {"seats": without_leader(c)}, {"人数资格"}),
    "who must keep away": (lambda c: {"seats": outsider(c)}, {"人数资格"}),
    "one person": (lambda c: {"seats": [{**s, "inspectors": s["inspectors"][:1]}
                                        for s in c.records["gaj"]["seats"]]}, {"人数资格"}),
    "twice": (lambda c: {"seats": [{**s, "inspectors": s["inspectors"][:1] * 2}
                                   for s in c.records["gaj"]["seats"]]}, {"人数资格"}),
    "a visit left out": (lambda c: {"seats": c.records["gaj"]["seats"][1:]}, {"人数资格"}),
    "too much load": (lambda c: {"inspectors": [
        {**one, "max_load": 1} for one in c.records["gaj"]["inspectors"]]}, {"人数资格"}),
    "a made leader": (lambda c: {"inspectors": [
        {**one, "may_lead": True} for one in c.records["gaj"]["inspectors"]]}, {"封存人员"}),
    "somebody new": (lambda c: {"inspectors": [
        *c.records["gaj"]["inspectors"], {"id": "gaj99", "may_lead": True, "max_load": 9}]},
        {"封存人员"}),
    "of another department": (lambda c: {"inspectors": [
        *c.records["gaj"]["inspectors"], {"id": "xfjy00", "may_lead": True, "max_load": 9}]},
        {"匹配文件"}),
    "a business not drawn": (lambda c: {"merged": [
        {"visit": "T99", "with": "2026-002", "inspectors": ["gaj00", "gaj01"]}]}, {"匹配文件"}),
    "something more": (lambda c: {"note": "x"}, {"匹配文件"}),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_tampered_with_is_found_and_the_check_named(tmp_path, city, name):
    change, checks = TAMPERED[name]
    found = failing(city.write(tmp_path, pairing=city.changed("gaj", **change(city))))
    assert set(found) & checks, found


def test_the_leader_is_the_one_with_the_lowest_ticket_of_those_who_may(tmp_path):
    leads = {f"gaj{n:02d}": n % 2 == 0 for n in range(5)}
    city, record, seat = next(
        (city, record, seat) for city in (a_city(seed=n) for n in range(50))
        for record in [city.copy("gaj")] for seat in record["seats"]
        if all(leads[one] for one in seat["inspectors"]))
    seat["inspectors"].reverse()
    changed = city.changed("gaj", seats=record["seats"])
    assert "候选" in failing(city.write(tmp_path, pairing=changed))


def test_one_byte_changed_anywhere_in_the_file_is_found(tmp_path):
    city = a_city(visits=2, people=3)
    folder, whole = city.write(tmp_path), city.pairing
    assert failing(folder) == []
    passed = []
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        (folder / "pairing.json").write_bytes(changed)
        if not failing(folder):
            passed.append((place, whole[max(0, place - 30) : place + 10]))
    # a limit on somebody's load that binds nobody is neither in the seal nor in the result
    assert all(b'"max_load":' in around for _, around in passed), passed


@pytest.mark.parametrize("ruin", [
    lambda data: data[:-1], lambda data: data + b"\n", lambda data: b"\xef\xbb\xbf" + data,
    lambda data: data.replace(b",", b",\r\n", 1), lambda data: b"", lambda data: b"[]",
    lambda data: data.replace(b'"k":16', b'"k":16.0', 1), lambda data: b"null",
])
def test_a_file_that_is_not_as_it_was_written_is_refused(tmp_path, city, ruin):
    assert "匹配文件" in failing(city.write(tmp_path, pairing=ruin(city.pairing)))


@pytest.mark.parametrize("name", ["seal.json", "seed.txt", "result.json", "pairing.json"])
def test_a_file_that_is_missing_or_of_another_draw_is_said(tmp_path, city, name):
    folder = city.write(tmp_path / "a")
    other = Folder({}, seed_text=b"another").write(tmp_path / "b", lists=False)
    if name != "pairing.json":
        shutil.copy(other / name, folder / name)
        assert "匹配文件" in failing(folder)
    (folder / name).unlink()
    assert "匹配文件" in failing(folder)


@pytest.mark.parametrize("name", ["inspectors", "interests"])
def test_a_list_that_is_not_the_sealed_one_is_refused(tmp_path, city, name):
    folder = city.write(tmp_path)
    path = folder / f"{name}.jsonl"
    path.write_bytes(path.read_bytes().split(b"\n", 1)[1])
    assert failing(folder) == ["封存人员"]


def test_whoever_had_to_keep_away_and_was_sent_is_found_by_the_sealed_interests(tmp_path, city):
    seat = city.records["gaj"]["seats"][0]
    told = a_city()
    told.interests = [*city.interests, {"certificate_no": seat["inspectors"][0],
                                        "id": seat["visit"], "reason": "interest"}]
    assert failing(told.write(tmp_path)) == ["封存人员"]


def redrawn(city, reason="recusal"):
    """The first seat drawn again; return the record, who left and who came."""
    record = city.records["gaj"]
    seat, visit = record["seats"][0], record["visits"][0]
    pool = record["pools"][visit["pool"]]
    return add_redraw(record, seat["visit"], seat["inspectors"][0], pool, seed=city.seed("gaj"),
                      hash_name=city.hash_name, reason=reason, at=AT)


def test_seats_drawn_again_are_checked_one_after_another(tmp_path):
    city = a_city(people=8)
    record, redraw = redrawn(city)
    team = teams(record)[redraw.visit]
    record, _ = add_redraw(record, redraw.visit, team[1], record["pools"][0], reason="absence",
                           seed=city.seed("gaj"), hash_name="sm3", at=AT)
    record = add_left(record, record["seats"][2]["visit"], AT)
    whole = build_pairing([record, city.records["xfjy"]])
    folder = city.write(tmp_path, pairing=whole)
    assert failing(folder) == []
    for number, change in [
        (0, {"coming": redraw.leaving}), (0, {"load": 7}), (0, {"ticket": 1}), (0, {"pool": 99}),
        (0, {"leaving": "gaj99"}), (0, {"reason": "because"}), (0, {"at": "yesterday"}),
        (1, {"visit": "T99"}), (2, {"reason": "recusal"}), (2, {"load": 1}), (0, {"note": "x"}),
    ]:
        redraws = json.loads(json.dumps(record["redraws"]))
        redraws[number] |= change
        changed = build_pairing([record | {"redraws": redraws}, city.records["xfjy"]])
        (folder / "pairing.json").write_bytes(changed)
        assert "补抽" in failing(folder), change
    swapped = [record["redraws"][1], record["redraws"][0], *record["redraws"][2:]]
    changed = build_pairing([record | {"redraws": swapped}, city.records["xfjy"]])
    (folder / "pairing.json").write_bytes(changed)
    assert "补抽" in failing(folder)


def test_a_business_that_came_in_for_another_is_staffed_seat_by_seat(tmp_path, city):
    record = city.records["gaj"]
    record = add_left(record, "T00", AT)
    for _ in range(2):
        record, _ = add_redraw(record, "T77", "", record["pools"][0], seed=city.seed("gaj"),
                               hash_name="sm3", reason="replacement", at=AT)
    folder = city.write(tmp_path, pairing=build_pairing([record, city.records["xfjy"]]))
    assert "补抽" in failing(folder)  # nobody says that T77 came in
    (folder / "replacements.jsonl").write_text('{"id_in":"T77"}\n')
    assert failing(folder) == []


def test_it_agrees_with_the_drawings_own_checker_on_small_cases(tmp_path):
    chance = random.Random(44)
    seen = Counter()
    while sum(seen.values()) < 300:
        visits, people = small_case(chance, visits=4, people=5)
        lawful = list(every_lawful(visits, people))
        if not lawful or not visits:
            continue
        city = Folder({"gaj": (visits, people)})
        record, seed = city.records["gaj"], city.seed("gaj")
        if chance.random() < 0.6:
            leads = {one.id: one.may_lead for one in people}
            seats = {v: sorted(t, key=lambda one: not leads[one])
                     for v, t in chance.choice(lawful).items()}
            record = record | {"seats": [{"visit": v, "inspectors": seats[v]} for v in sorted(seats)]}
            city.records["gaj"] = record
        told = Pairing({s["visit"]: tuple(s["inspectors"]) for s in record["seats"]}, record["k"],
                       record["suffix"], int(record["objective"]))
        try:
            check_pairing(seed, told, visits, people, "sm3")
            own = True
        except DrawError:
            own = False
        holds = not failing(city.write(tmp_path))
        if holds != own:  # the order of those behind the leader is the file's, not the law's
            right = pair(seed, visits, people, "sm3").seats
            assert own and told.seats != right
            assert {v: set(t) for v, t in told.seats.items()} == {
                v: set(t) for v, t in right.items()}
        seen[own] += 1
    assert min(seen.values()) > 60, seen


def test_tickets_hashed_again_are_followed(tmp_path, monkeypatch):
    """With tickets of one bit ties abound; the verifier reads the same coarse ones here."""
    fine = pairing_verifier.Department.ticket
    monkeypatch.setattr(pairing_verifier.Department, "ticket", lambda self, person, visit, suffix: (
        fine(self, person, visit, suffix) >> (31 if suffix == 1 else 0)))
    chance, ties = random.Random(6), 0
    while ties < 25:
        visits, people = small_case(chance, visits=4, people=5)
        if not visits or not list(every_lawful(visits, people)):
            continue
        city = Folder({"gaj": (visits, people)})
        paired = pair(city.seed("gaj"), visits, people, "sm3", tickets=CoarseTickets)
        city.records["gaj"] |= paired.as_record()
        assert failing(city.write(tmp_path)) == []
        if paired.ties:
            ties += 1
            record = city.records["gaj"] | {"suffix": 1, "ties": [],
                                            "seats": city.records["gaj"]["ties"][0]}
            assert failing(city.write(tmp_path, pairing=build_pairing([record])))
