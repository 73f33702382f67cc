"""核验公开的抽取：python verifier.py 文件夹（一次抽取的；或全市的：chain.jsonl 和历次抽取）
Needs nothing but Python and shares no code with the drawing. Not settled here: BLS signatures of
drand, a replacement's reason and time, evidence without a chain, the strata of withheld lines."""

import hashlib
import json
import re
import sys
from heapq import nsmallest
from pathlib import Path

HASHES, ZERO, HEX, ID = ("sm3", "sha256"), "0" * 64, "[0-9a-f]{64}", "[0-9A-Z._:-]{1,55}|H:[0-9a-f]{40}"
LINE = f"SJD1\t({ID})\t([^\t]+)\t([1-9][0-9]{{0,4}})\t{HEX}(?:\t(?:[0-9a-f]{{2}})+)?".encode()
TIME = "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z"
VALUES = {"drand": f"missing|{HEX}", "reveal": f"missing|{HEX}", "dice": "[1-6]+", "typed": "[.,-]*[0-9][0-9.,-]*"}
FILES = {"sealed": "seal.json", "drawn": "result.json", "void": "void.json"}
NEXT = {"void": ["sealed"], "sealed": ["drawn", "void"], "drawn": ["void"]}
NAMES = dict(seal="封存", pool="待抽库", strata="分层", seed="种子", result="结果", fill="递补", chain="链")

def sm3(data):
    """SM3 (GB/T 32905-2016) in plain Python, for a Python whose OpenSSL has none."""
    rol = lambda x, n: ((x & 0xFFFFFFFF) << n | (x & 0xFFFFFFFF) >> (32 - n)) & 0xFFFFFFFF  # noqa: E731
    v = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    data += b"\x80" + bytes(-(len(data) + 9) % 64) + (8 * len(data)).to_bytes(8, "big")
    for block in range(0, len(data), 64):
        w, state = [int.from_bytes(data[at : at + 4], "big") for at in range(block, block + 64, 4)], v
        for j in range(64):
            (a, b, c, d, e, f, g, h), x = state, w[j] ^ w[j + 7] ^ rol(w[j + 13], 15)
            w.append(x ^ rol(x, 15) ^ rol(x, 23) ^ rol(w[j + 3], 7) ^ w[j + 10])
            s = rol(rol(a, 12) + e + rol(0x79CC4519 if j < 16 else 0x7A879D8A, j % 32), 7)
            x = (a ^ b ^ c if j < 16 else a & b | a & c | b & c) + d + (s ^ rol(a, 12)) + (w[j] ^ w[j + 4])
            y = (e ^ f ^ g if j < 16 else e & f | ~e & g) + h + s + w[j]
            state = rol(x, 0), a, rol(b, 9), c, rol(y, 0) ^ rol(y, 9) ^ rol(y, 17), e, rol(f, 19), g
        v = [x ^ y for x, y in zip(v, state, strict=True)]
    return b"".join(x.to_bytes(4, "big") for x in v)

def need(holds, wrong):
    if not holds:
        raise ValueError(wrong)

def lines(data):
    need(data[-1:] in (b"", b"\n"), "最后一行不完整")
    return data.split(b"\n")[:-1]

def canonical(data):
    """Read JSON in its one form (RFC 8785; keys ASCII), of texts and whole numbers and no more."""
    bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", data)
    need(not re.search(rb"[^]\[{}:,0-9]|[0-9]{17}", bare), "JSON 里只应有文本和非负整数")
    again = json.dumps(found := json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(again.encode() == data, "不是规范 JSON")
    return found

class Draw:  # the files of one draw, and its checks: each returns what it saw or raises
    def __init__(self, path, city=None):
        self.name, self.city, self.draws = path.name, city, city or {}  # city: all that its chain tells of
        self.files = {p.name: p.read_bytes() for p in (path.parent/"chain.jsonl", *path.glob("*.[jt]*")) if p.is_file()}

    def check(self, name):
        drawn = {"seed.txt", "result.json", "replacements.jsonl"} & set(self.files)
        without = "" if drawn else "作废前未抽取" if "void.json" in self.files else "尚无结果" if self.city else ""
        try:
            return True, (name in ("seed", "result", "fill") and without) or getattr(self, f"check_{name}")()
        except Exception as why:  # whatever a broken file causes is a check that does not hold
            known = {KeyError: f"缺少 {''.join(map(str, why.args))}", AttributeError: "前面的检查未通过"}
            return False, known.get(type(why), str(why)[:200])

    def hash(self, data, name=""):
        name, data = name or self.seal["hash"], data if isinstance(data, bytes) else data.encode()
        return hashlib.new(name, data).hexdigest() if name in hashlib.algorithms_available else sm3(data).hex()

    def check_seal(self):
        self.seal = seal = canonical(self.files["seal.json"])
        self.sealed, rules = self.hash(self.files["seal.json"]), (seal["version"], seal["missing_rule"])
        need(rules == ("SJD-1", "publish-and-skip") and seal["hash"] in HASHES, "规则不认识")
        for one in seal["randomness"]:
            fit = seal["sealed_at"] < one["due_at"] and re.fullmatch(TIME * 2, seal["sealed_at"] + one["due_at"])
            fit = fit and bool(re.fullmatch(HEX, one.get("commitment", ""))) == (one["kind"] == "reveal")
            need(fit, f"来源 {one['locator']} 早于封存，或承诺不对")
        return f"{self.sealed}，随机来源 {len(seal['randomness'])} 个，均在封存之后产生"

    def check_pool(self):
        self.hidden = "leaves.txt" in self.files and "pool.tsv" not in self.files
        self.pool, level, last, number = {}, [], b"", 0
        for number, line in enumerate(lines(self.files["leaves.txt" if self.hidden else "pool.tsv"]), 1):
            fit = re.fullmatch(HEX.encode() if self.hidden else LINE, line)
            need(fit and (self.hidden or last < fit[1]), f"第 {number} 行的顺序或格式不对")
            level.append(line.decode() if self.hidden else self.hash(b"\0" + line))
            if not self.hidden:
                self.pool.setdefault(fit[2].decode(), []).append((last := fit[1], int(fit[3])))
        while len(level) > 1:
            odd, twos = level[len(level) & ~1 :], zip(level[::2], level[1::2], strict=False)
            level = [self.hash(b"\1" + bytes.fromhex(left + right)) for left, right in twos] + odd
        need(self.seal["pool"] == {"root": (level or [ZERO])[0], "size": number}, "待抽库与封存的根值不符")
        return f"{number} 户，根值 {self.seal['pool']['root']}" + "；名单未公开" * self.hidden

    def check_strata(self):
        codes, total = [one["code"] for one in self.seal["strata"]], sum(one["size"] for one in self.seal["strata"])
        need(codes == sorted(set(codes)) and total == self.seal["pool"]["size"], "各层的次序或户数之和不对")
        for one in self.seal["strata"]:
            mode, size, top, bottom = (one[key] for key in ("mode", "size", "numerator", "denominator"))
            count = {"ratio": -(-size * top // bottom), "number": top, "weighted": top}[mode]
            fit = one["count"] == count <= size - one["reserves"] and (mode == "ratio" or bottom == 1)
            pool, most = self.pool.get(one["code"], ()), 65535 if mode == "weighted" else 1
            fit = fit and (self.hidden or len(pool) == size) and all(weight <= most for _, weight in pool)
            need(fit, f"层 {one['code']} 的户数、比例、抽取数、备选数或权重不对")
        return f"{len(codes)} 层 {total} 户" + "；各层户数须由监督人员用完整名单核对" * self.hidden

    def check_seed(self):
        told, sources = self.files["seed.txt"].decode().split("\n"), self.seal["randomness"]
        values = [line.partition("=")[2] for line in told[3:-1]]
        self.named = [f"{one['kind']}:{one['locator']}={value}" for one, value in zip(sources, values, strict=False)]
        need(told == ["SJD-SEED-1", self.seal["hash"], self.sealed, *self.named, ""], "seed.txt 与封存不符")
        for one, value in zip(sources, values, strict=False):
            bound = self.hash(f"SJD-COMMIT-1\n{one['locator']}\n{value}\n")
            fit = value == "missing" or one.get("commitment", bound) == bound
            need(fit and re.fullmatch(VALUES[one["kind"]], value), f"来源 {one['locator']} 的值不对，或与承诺不符")
        need(values.count("missing") < len(set(self.named)) == len(sources), "来源缺失或重复")
        self.base = self.hash(self.files["seed.txt"])
        return f"{len(values)} 个值，其中缺失 {values.count('missing')} 个；base {self.base}"

    def check_result(self):
        self.result, seed, ids = canonical(self.files["result.json"]), self.hash(f"SJD-OBJ-1\n{self.base}\n"), []
        for one, told in zip(self.seal["strata"], self.result["strata"], strict=True):
            pool, split, end = self.pool.get(one["code"], []), one["count"], one["count"] + one["reserves"]
            for each in told["drawn"] + told["reserves"] if self.hidden else ():
                weight = int(each["digest"][:16], 16) // (int(each["key"]) + 1) + 1 if one["mode"] == "weighted" else 1
                need(re.fullmatch(ID, each["id"]) and 0 < weight < 65536, f"{each['id']} 的编号或 key 不对")
                pool.append((each["id"].encode(), weight))  # the least weight that gives its key
            tickets = ((self.hash(seed.encode() + i), w, i.decode()) for i, w in pool)
            order = nsmallest(end, ((int(ticket[:16], 16) // w, ticket, i) for ticket, w, i in tickets))
            ranked = [{"rank": at, "id": i, "digest": d, "key": str(key)} for at, (key, d, i) in enumerate(order, 1)]
            ids += [i for _, _, i in order]
            right = {"code": one["code"], "size": one["size"], "count": split}
            fit = told == right | {"drawn": ranked[:split], "reserves": ranked[split:]} and len(ranked) == end
            need(fit and len(set(ids)) == len(ids), f"层 {one['code']} 的名单与重新计算的不符")
        right = {"version": "SJD-1", "seal": self.sealed, "base": self.base, "seed_targets": seed}
        need(self.result == self.result | right and len(self.result) == 6, "result.json 不是由这份种子得出")
        signed = [one for one in self.result["evidence"] if one["kind"] == "drand" and "signature" in one]
        values = {f"drand:{one['locator']}={self.hash(bytes.fromhex(one['signature']), 'sha256')}" for one in signed}
        need(values <= set(self.named), "drand 的值不是所附签名的 SHA-256")
        return f"{len(ids)} 签逐一重算一致，{len(signed)} 个值与所附签名相符（BLS 另行核验）；种子 {seed}"

    def check_fill(self):
        filled = lines(self.files.get("replacements.jsonl", b""))
        queues = [(stratum["drawn"], [*stratum["reserves"]]) for stratum in self.result["strata"]]
        seats = {one["id"]: (one["rank"], waiting) for drawn, waiting in queues for one in drawn}
        for number, line in enumerate(map(canonical, filled), 1):
            rank, waiting = seats.pop(line["id_out"], (0, ()))
            after = waiting.pop(0) if waiting else {"rank": 0, "id": ""}  # not in, or no reserve is left
            seats[after["id"]] = after["rank"], waiting
            fit = line == line | {"rank_out": rank, "rank_in": after["rank"], "id_in": after["id"]} and len(line) == 6
            need(fit and line["reason"].strip() and re.fullmatch(TIME, line["at"]), f"第 {number} 行不合次序")
        return f"{len(filled)} 次，均按备选次序"

    def check_links(self):
        head, stands, number = ZERO, {}, 0
        for number, line in enumerate(map(canonical, lines(self.files["chain.jsonl"])), 1):
            kind, scheme, (n, was) = line["kind"], line["scheme"], stands.get(line["scheme"], (0, "void"))
            n += kind == "sealed"
            heads = [self.hash(f"SJD-HEAD-1\n{head}\n{kind}\n{line['file']}\n", name) for name in HASHES]
            fit = line == line | {"number": number, "previous": head, "draw_number": n} and len(line) == 7
            need(fit and kind in NEXT[was] and line["head"] in heads, f"第 {number} 行接不上：{scheme} {kind}")
            stands[scheme], head = (n, kind), line["head"]
            self.draws.setdefault((scheme, n), {})[kind] = line
        still = [f"{scheme}-{n}" for scheme, (n, kind) in stands.items() if kind == "sealed"]
        return f"{number} 行相接；已封存、尚无结果：{'、'.join(still) or '无'}"

    def check_chain(self):
        if not {"chain.jsonl", "void.json"} & set(self.files):
            return "没有 chain.jsonl，未核验"
        seen, name = "" if self.city else self.check_links(), f"{self.seal['scheme']}-{self.seal['draw_number']}"
        mine = self.draws.get((self.seal["scheme"], self.seal["draw_number"]), {})
        files = {kind: self.hash(self.files[name]) for kind, name in FILES.items() if name in self.files}
        need(files == {kind: line["file"] for kind, line in mine.items()}, "seal、result 或 void.json 与链上不符")
        need(mine["sealed"]["previous"] == self.seal["previous"], "封存没有接在当时的末端")
        need(name == self.name if self.city else len(mine) > 1, "文件夹里是另一次抽取，或封存之后没有结果")
        if "void" in mine:
            void, right = canonical(self.files["void.json"]), {"version": "SJD-1", "seal": self.sealed, "persons": 2}
            fit = void == void | right and len(void) == 5 and re.fullmatch(TIME, void["at"])
            need(fit and void["reason"].strip(), "void.json 的内容不对")
        return seen

def verify(folder, city=None):
    """Return [(number, name, holds, what was seen or what is wrong)] of a draw, or of a whole city."""
    draw = Draw(folder := Path(folder).absolute(), city)
    if city is not None or "seal.json" in draw.files or not (folder / "chain.jsonl").is_file():
        return [(at, name, *draw.check(check)) for at, (check, name) in enumerate(NAMES.items(), 1)]
    report = [(1, "链", *draw.check("links"))]
    names = {f"{scheme}-{n}" for scheme, n in draw.draws} | {path.name for path in folder.iterdir() if path.is_dir()}
    for number, name in enumerate(sorted(names), 2):
        told = verify(folder / name, draw.draws)
        wrong = "；".join(f"{check}：{detail}" for _, check, holds, detail in told if not holds)
        report.append((number, name, not wrong, wrong or told[4][3]))
    return report

if __name__ == "__main__":
    for number, name, holds, detail in (found := verify(*sys.argv[1:2] or ".")):
        print(f"{number:2d} {'通过' if holds else '不通过'} {name}：{detail}")
    sys.exit(0 if all(holds for _, _, holds, _ in found) else 1)
