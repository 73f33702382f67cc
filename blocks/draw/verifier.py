"""核验一次公开的抽取：python verifier.py 文件夹
Needs nothing but Python, shares no code with the drawing; a numbered line a check, exits 0 or 1."""

import hashlib
import json
import re
import struct
import sys
from pathlib import Path

ZERO, HEX, FILL = "0" * 64, r"[0-9a-f]{64}", "replacements.jsonl"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
VALUES = {"drand": HEX, "reveal": f"missing|{HEX}", "dice": "[1-6]+", "typed": "[0-9.,-]*[0-9][0-9.,-]*"}  # fmt: skip
LINE = rb"SJD1\t([0-9A-Z._:-]{1,55}|H:[0-9a-f]{40})\t([^\t]+)\t([1-9][0-9]{0,4})\t[0-9a-f]{64}(\t[0-9a-f]+)?"
IV = "7380166f4914b2b9172442d7da8a0600a96f30bc163138aae38dee4db0fb0e4e"


def sm3(data):
    """SM3 (GB/T 32905-2016) in plain Python, for a Python whose OpenSSL has none."""
    rol = lambda x, n: ((x & 0xFFFFFFFF) << n | (x & 0xFFFFFFFF) >> (32 - n)) & 0xFFFFFFFF  # noqa: E731
    state = struct.unpack(">8I", bytes.fromhex(IV))
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack(">Q", 8 * len(data))
    for at in range(0, len(padded), 64):
        w, (a, b, c, d, e, f, g, h) = list(struct.unpack(">16I", padded[at : at + 64])), state
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ rol(w[j - 3], 15)
            w.append(x ^ rol(x, 15) ^ rol(x, 23) ^ rol(w[j - 13], 7) ^ w[j - 6])
        for j in range(64):
            ss = rol(rol(a, 12) + e + rol(0x79CC4519 if j < 16 else 0x7A879D8A, j % 32), 7)
            ff, gg = (a ^ b ^ c, e ^ f ^ g) if j < 16 else (a & b | a & c | b & c, e & f | ~e & g)
            one, two = ff + d + (ss ^ rol(a, 12)) + (w[j] ^ w[j + 4]), gg + h + ss + w[j]
            d, c, b, a = c, rol(b, 9), a, one & 0xFFFFFFFF
            h, g, f, e = g, rol(f, 19), e, (two ^ rol(two, 9) ^ rol(two, 17)) & 0xFFFFFFFF
        state = [x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True)]
    return struct.pack(">8I", *state)


def need(holds, wrong):
    if not holds:
        raise ValueError(wrong)


def canonical(data):
    """Read JSON that must stand in its one canonical form (RFC 8785; keys ASCII, integers)."""
    found = json.loads(data, parse_float=lambda text: need(False, f"含有小数 {text}"))
    again = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(again.encode() == data, "不是规范 JSON")
    return found


class Draw:
    """The files of one folder, and the checks in their order; each returns what it saw."""

    def read(self, name):
        need((self.folder / name).is_file(), f"缺少 {name}")
        return (self.folder / name).read_bytes()

    def lines(self, name):
        *lines, rest = self.read(name).split(b"\n")
        need(not rest, f"{name} 最后一行不完整")
        return lines

    def hash(self, data, name=None):
        name, data = name or self.seal["hash"], data if isinstance(data, bytes) else data.encode()
        known = name in hashlib.algorithms_available
        return (hashlib.new(name, data).digest() if known else sm3(data)).hex()

    def check_seal(self):
        self.seal = canonical(self.read("seal.json"))
        rules = [self.seal["version"], self.seal["hash"], self.seal["missing_rule"]]
        need(rules in (["SJD-1", h, "publish-and-skip"] for h in ("sm3", "sha256")), "规则不认识")
        self.sealed = self.hash(self.read("seal.json"))
        for one in self.seal["randomness"]:
            fit = one["due_at"] > self.seal["sealed_at"]
            fit &= bool(re.fullmatch(HEX, one.get("commitment", ""))) == (one["kind"] == "reveal")
            need(fit, f"来源 {one['locator']} 早于封存，或承诺不对")
        return f"{self.sealed}，随机来源 {len(self.seal['randomness'])} 个，均在封存之后产生"

    def check_pool(self):
        level, self.pool, last = [], {}, b""
        for number, line in enumerate(self.lines("pool.tsv"), 1):
            fit = re.fullmatch(LINE, line)
            need(fit and last < fit[1] and int(fit[3]) < 65536, f"第 {number} 行的顺序或格式不对")
            last = fit[1]
            self.pool.setdefault(fit[2].decode(), []).append((last, int(fit[3])))
            level.append(self.hash(b"\0" + line))
        while len(level) > 1:
            odd, twos = level[len(level) & ~1 :], zip(level[::2], level[1::2], strict=False)
            level = [self.hash(b"\1" + bytes.fromhex(left + right)) for left, right in twos] + odd
        right = {"root": (level or [ZERO])[0], "size": sum(map(len, self.pool.values()))}
        need(self.seal["pool"] == right, "待抽库与封存的根值不符")
        return f"{right['size']} 户，根值 {right['root']}"

    def check_strata(self):
        codes = [one["code"] for one in self.seal["strata"]]
        need(codes == sorted(set(codes)) and set(self.pool) <= set(codes), "层的次序或范围不对")
        for one in self.seal["strata"]:
            mode, top, bottom = one["mode"], one["numerator"], one["denominator"]
            pool, size = self.pool.get(one["code"], []), one["size"]
            right = {"ratio": -(-size * top // bottom), "number": top, "weighted": top}[mode]
            fit = len(pool) == size >= one["count"] == right and (mode == "ratio" or bottom == 1)
            fit &= mode == "weighted" or all(weight == 1 for _, weight in pool)
            fit &= 0 <= one["reserves"] <= size - right
            need(fit, f"层 {one['code']} 的户数、比例、抽取数、备选数或权重不对")
        return "；".join(f"{s['code']} {s['size']} 抽 {s['count']}" for s in self.seal["strata"])

    def check_seed(self):
        lines, sources = self.lines("seed.txt"), self.seal["randomness"]
        start = ["SJD-SEED-1", self.seal["hash"], self.sealed]
        need([line.decode() for line in lines[:3]] == start, "seed.txt 与封存不符")
        for line, one in zip(lines[3:], sources, strict=True):
            (name, _, value), kind = line.decode().partition("="), one["kind"]
            fit = name == f"{kind}:{one['locator']}" and re.fullmatch(VALUES[kind], value)
            need(fit, f"来源 {one['locator']} 的次序或值不对")
            bound = self.hash(f"SJD-COMMIT-1\n{one['locator']}\n{value}\n")
            fit = kind != "reveal" or value == "missing" or bound == one["commitment"]
            need(fit, f"{one['locator']} 揭示的密值与承诺不符")
        missing = sum(line.endswith(b"=missing") for line in lines[3:])
        need(missing < len(sources), "所有来源都缺失")
        self.base = self.hash(self.read("seed.txt"))
        return f"{len(sources)} 个值，其中未揭示 {missing} 个；base {self.base}"

    def check_result(self):
        self.result, strata = canonical(self.read("result.json")), []
        seed = self.hash(f"SJD-OBJ-1\n{self.base}\n")
        for one in self.seal["strata"]:
            split, end = one["count"], one["count"] + one["reserves"]
            pool = [(i, w, self.hash(seed.encode() + i)) for i, w in self.pool.get(one["code"], [])]
            order = sorted((int(ticket[:16], 16) // w, ticket, i.decode()) for i, w, ticket in pool)
            ranked = [{"rank": rank, "id": i, "digest": ticket, "key": str(key)}
                      for rank, (key, ticket, i) in enumerate(order[:end], 1)]  # fmt: skip
            stratum = {key: one[key] for key in ("code", "size", "count")}
            strata.append(stratum | {"drawn": ranked[:split], "reserves": ranked[split:]})
        right = {"version": "SJD-1", "seal": self.sealed, "base": self.base, "seed_targets": seed}
        right |= {"evidence": [dict(one) for one in self.result["evidence"]], "strata": strata}
        need(self.result == right, "result.json 与重新计算的不符")
        return f"抽中 {sum(one['count'] for one in strata)} 户，逐签重算一致；种子 {seed}"

    def check_replacements(self):
        lines = self.lines(FILL) if (self.folder / FILL).is_file() else []
        waiting = [list(one["reserves"]) for one in self.result["strata"]]
        into = [{one["id"]: one["rank"] for one in s["drawn"]} for s in self.result["strata"]]
        for number, line in enumerate(map(canonical, lines), 1):
            place = next((p for p, ids in enumerate(into) if line["id_out"] in ids), None)
            need(place is not None and waiting[place], f"第 {number} 行：不在名单，或备选已用完")
            after, rank = waiting[place].pop(0), into[place].pop(line["id_out"])
            right = {"rank_out": rank, "rank_in": after["rank"], "id_in": after["id"]}
            fit = line == line | right and line["reason"].strip() and re.fullmatch(TIME, line["at"])
            need(fit and len(line) == 6, f"第 {number} 行的次序、理由或时间不对")
            into[place][after["id"]] = after["rank"]
        return f"{len(lines)} 次，均按备选次序"

    def check_chain(self):
        name = "chain.jsonl" if (self.folder / "chain.jsonl").is_file() else "../chain.jsonl"
        if not (self.folder / name).is_file():
            return "没有 chain.jsonl，未核验"
        head, stands, mine = ZERO, {}, {}
        for number, line in enumerate(map(canonical, self.lines(name)), 1):
            kind, key, n = line["kind"], line["scheme"], line["draw_number"]
            text = f"SJD-HEAD-1\n{head}\n{kind}\n{line['file']}\n"
            fit = line["head"] in (self.hash(text, "sm3"), self.hash(text, "sha256"))
            fit = fit and (line["number"], line["previous"]) == (number, head)
            last, was = stands.get(key, (0, "void"))
            due = {"sealed": was == "void" and n == last + 1, "drawn": (last, was) == (n, "sealed")}
            due["void"] = last == n and was in ("sealed", "drawn")
            need(fit and due[kind], f"第 {number} 行接不上：{key} 第 {n} 次 {kind}")
            stands[key], head = (n, kind), line["head"]
            if (key, n) == (self.seal["scheme"], self.seal["draw_number"]):
                mine[kind] = line
        fit = len(mine) > 1 and mine["sealed"]["previous"] == self.seal["previous"]
        need(fit, "链上没有这份封存（或不接在当时的末端），或封存之后没有结果")
        for kind, file in (("sealed", "seal"), ("drawn", "result"), ("void", "void")):
            fit = kind not in mine or mine[kind]["file"] == self.hash(self.read(f"{file}.json"))
            need(fit, f"{file}.json 与链上不符")
        still = [scheme for scheme, (_, kind) in stands.items() if kind == "sealed"]
        return f"{number} 行相接；已封存、尚无结果的方案：{'、'.join(still) or '无'}"


NAMES = {"seal": "封存", "pool": "待抽库", "strata": "分层", "seed": "种子", "result": "结果", "replacements": "递补",
         "chain": "链"}  # fmt: skip


def verify(folder):
    """Return [(number, name, holds, what was seen or what is wrong)]."""
    draw, report = Draw(), []
    draw.folder = Path(folder)
    for number, (check, name) in enumerate(NAMES.items(), 1):
        try:
            report.append((number, name, True, getattr(draw, f"check_{check}")()))
        except Exception as why:  # whatever a broken file causes is a check that does not hold
            report.append((number, name, False, str(why) if why.args else repr(why)))
    return report


if __name__ == "__main__":
    found = verify(sys.argv[1] if len(sys.argv) > 1 else ".")
    for number, name, holds, detail in found:
        print(f"{number:2d} {'通过' if holds else '不通过'} {name}：{detail}")
    sys.exit(0 if all(holds for _, _, holds, _ in found) else 1)
