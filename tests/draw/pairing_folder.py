"""A draw's folder with its pairing, small enough to be tampered with byte by byte."""

import json
import random
from pathlib import Path

from blocks.draw.hashing import canonical_json, hexdigest
from blocks.draw.pairing import PairingInspector, PairingVisit, pair
from blocks.draw.pairing_file import build_pairing, department_record
from blocks.draw.pool import records_root
from blocks.draw.seed import base, seed_inspectors

AT = "2026-11-24T02:00:00Z"


class Folder:
    """`problems`: department → (visits, inspectors). `records` may be changed before `write`."""

    def __init__(self, problems, hash_name="sm3", interests=(), seed_text=b"SJD-SEED-1\nany\n"):
        self.hash_name, self.seed_text = hash_name, seed_text
        self.base = base(seed_text, hash_name)
        self.inspectors = [
            {"certificate_no": one.id, "department": code, "may_lead": one.may_lead}
            for code, (_, people) in problems.items() for one in people]
        self.interests = [{"certificate_no": who, "id": visit, "reason": "interest"}
                          for who, visit in interests]
        self.drawn = sorted({visit.id for visits, _ in problems.values() for visit in visits})
        self.records = {
            code: department_record(code, pair(self.seed(code), visits, people, hash_name),
                                    visits, people)
            for code, (visits, people) in problems.items()}

    def seed(self, code: str) -> str:
        return seed_inspectors(self.base, code, self.hash_name)

    @property
    def pairing(self) -> bytes:
        return build_pairing(self.records.values())

    def lines(self, records) -> bytes:
        return b"".join(sorted(canonical_json(one) + b"\n" for one in records))

    def root(self, records) -> dict:
        return records_root([canonical_json(one).decode() for one in records], self.hash_name)

    def write(self, folder: Path, *, pairing: bytes | None = None, lists=True) -> Path:
        folder.mkdir(exist_ok=True)
        seal = canonical_json({"hash": self.hash_name, "pairing": {"team": 1},
                               "inspectors": self.root(self.inspectors),
                               "interests": self.root(self.interests)})
        result = canonical_json({
            "base": self.base, "seal": hexdigest(self.hash_name, seal),
            "strata": [{"drawn": [{"id": one} for one in self.drawn]}]})
        files = {"seal.json": seal, "seed.txt": self.seed_text, "result.json": result,
                 "pairing.json": self.pairing if pairing is None else pairing}
        if lists:
            files |= {"inspectors.jsonl": self.lines(self.inspectors),
                      "interests.jsonl": self.lines(self.interests)}
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return folder

    def changed(self, code: str, **values) -> bytes:
        """The file with some parts of a department's record changed."""
        return build_pairing((self.records | {code: self.records[code] | values}).values())

    def copy(self, code: str) -> dict:
        return json.loads(json.dumps(self.records[code]))


def a_city(hash_name="sm3", visits=6, people=5, seed=1) -> Folder:
    """Two departments; who may go where by chance, always enough."""
    chance = random.Random(seed)
    problems = {}
    for code in ("gaj", "xfjy"):
        inspectors = [PairingInspector(f"{code}{n:02d}", n % 2 == 0, visits) for n in range(people)]
        asked = [PairingVisit(f"T{n:02d}", frozenset(
            one.id for one in inspectors if chance.random() < 0.8 or one.id.endswith(("00", "01"))))
            for n in range(visits)]
        problems[code] = asked, inspectors
    away = [(one.id, asked.id) for asks, people in problems.values() for asked in asks
            for one in people if one.id not in asked.eligible]
    return Folder(problems, hash_name, away)
