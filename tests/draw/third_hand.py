"""A third hand: folders of draws made over by hashlib alone, without the drawing or the verifier.

So a draw can be voided, withheld or sealed otherwise, and a forger who recomputes everything that
follows from his change can be played.
"""

import hashlib
import json

from blocks.draw import chain, verifier

LISTS = ("seed.txt", "result.json", "replacements.jsonl")
VOID = {"reason": "系统故障，未能按期抽取", "at": "2026-11-23T05:00:00Z", "persons": 2}


def digest(name, data):
    data = data if isinstance(data, bytes) else data.encode()
    return hashlib.new(name, data).hexdigest()


def canonical(thing):
    return json.dumps(thing, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def nodes(name, level):
    """Yield the levels of a Merkle tree, from its leaves' hashes (hex) up."""
    yield level
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [digest(name, b"\1" + bytes.fromhex("".join(pair))) if len(pair) == 2 else pair[0]
                 for pair in pairs]  # fmt: skip
        yield level


def read(folder, name):
    return json.loads((folder / name).read_bytes())


def drawn_again(seal, seed, lines, name):
    """Return the strata of a result, drawn once more from the pool's lines."""
    strata = []
    for one in seal["strata"]:
        fields = [line.split("\t") for line in lines]
        tickets = [(int(ticket[:16], 16) // int(weight), ticket, i) for _, i, code, weight, *_ in fields
                   if code == one["code"] for ticket in [digest(name, seed + i)]]  # fmt: skip
        ranked = [{"rank": rank, "id": i, "digest": ticket, "key": str(key)}
                  for rank, (key, ticket, i) in enumerate(sorted(tickets), 1)]  # fmt: skip
        split, end = one["count"], one["count"] + one["reserves"]
        listed = {"drawn": ranked[:split], "reserves": ranked[split:end]}
        strata.append({key: one[key] for key in ("code", "size", "count")} | listed)
    return strata


def remake(folder, values=None, evidence=None, **sealed):
    """Seal, seed and draw a folder again, with other values, evidence or words of the seal."""
    seal = read(folder, "seal.json") | sealed
    name, written = seal["hash"], canonical(seal)
    (folder / "seal.json").write_bytes(written)
    lines = (folder / "seed.txt").read_text().splitlines()[3:]
    values = values or [line.partition("=")[2] for line in lines]
    told = [f"{one['kind']}:{one['locator']}={value}"
            for one, value in zip(seal["randomness"], values, strict=True)]  # fmt: skip
    text = "".join(f"{line}\n" for line in ("SJD-SEED-1", name, digest(name, written), *told))
    (folder / "seed.txt").write_text(text)
    base = digest(name, text)
    seed = digest(name, f"SJD-OBJ-1\n{base}\n")
    result = read(folder, "result.json") | {"seal": digest(name, written), "base": base}
    result |= {"seed_targets": seed, "evidence": evidence or result["evidence"]}
    lines = (folder / "pool.tsv").read_text().splitlines()
    result["strata"] = drawn_again(seal, seed, lines, name)
    (folder / "result.json").write_bytes(canonical(result))
    return link(folder)


def link(folder, kinds=("sealed", "drawn"), previous=None):
    """Write the draw's lines of the chain into its folder, and return them."""
    seal, lines = read(folder, "seal.json"), []
    files = {"sealed": "seal.json", "drawn": "result.json", "void": "void.json"}
    for kind in kinds:
        file = digest(seal["hash"], (folder / files[kind]).read_bytes())
        previous = chain.next_line(previous, kind, seal["scheme"], seal["draw_number"], file,
                                   seal["hash"])  # fmt: skip
        lines.append(previous)
    (folder / "chain.jsonl").write_bytes(chain.chain_jsonl(lines))
    return lines


def voided(folder, kinds=("sealed", "void"), **changes):
    """Void a draw: before its result, or with `kinds` of three after it."""
    seal = digest(read(folder, "seal.json")["hash"], (folder / "seal.json").read_bytes())
    void = {"version": "SJD-1", "seal": seal} | VOID | changes
    (folder / "void.json").write_bytes(canonical(void))
    if "drawn" not in kinds:
        for name in LISTS:
            (folder / name).unlink(missing_ok=True)
    return link(folder, kinds)


def withheld(folder):
    """Salt the lines of a draw and withhold them; return the full list and the tree over it."""
    name = read(folder, "seal.json")["hash"]
    lines = [f"{line}\t{digest(name, line)[:32]}"
             for line in (folder / "pool.tsv").read_text().splitlines()]  # fmt: skip
    (folder / "pool.tsv").write_text("".join(f"{line}\n" for line in lines))
    tree = list(nodes(name, [digest(name, f"\0{line}") for line in lines]))
    remake(folder, pool={"root": tree[-1][0], "size": len(lines)})
    (folder / "leaves.txt").write_text("".join(f"{leaf}\n" for leaf in tree[0]))
    (folder / "pool.tsv").rename(folder.parent / f"{folder.name}.pool.tsv")
    return lines, tree


def failing(folder):
    return [name for _, name, holds, _ in verifier.verify(folder) if not holds]


def seen(folder):
    return {name: detail for _, name, _, detail in verifier.verify(folder)}
