"""`choucha verify`: the stranger's verifier run here, what it leaves open, and one business's part.

The numbered lines are the verifier's own. Lines without a number are what it cannot do with
Python's library alone: the signatures of drand.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from blocks.draw import merkle, pairing_verifier, verifier
from blocks.draw.hashing import canonical_json, hexdigest
from blocks.draw.ids import canonical_id
from blocks.errors import DrawError, InspectionError
from flows.cli.telling import console

_COMMANDS = {"sha256": "sha256sum", "sm3": "openssl dgst -sm3"}
_NOT_OURS = "请与公布的原始文件比对，并告知监督人员"


def verify(
    where: Annotated[str, typer.Argument(
        help="一次抽取的文件夹、它的 seal.json、全市抽取的文件夹，或它们的网址",
        metavar="文件夹或网址")],
    uscc: Annotated[str | None, typer.Option(
        "--id", help="核对之后，说明这家企业是否在库、是否抽中", metavar="统一社会信用代码")] = None,
    slip: Annotated[Path | None, typer.Option(
        help="名单未公开时：这家企业手中的证明（…….proof.json）", metavar="文件")] = None,
) -> None:  # fmt: skip
    """用公开文件重新计算抽取，逐项核对（一次抽取或全市历次抽取，本机文件夹或网址）。"""
    with _folder(where) as folder:
        told = verifier.verify(folder)
        for number, name, holds, detail in told:
            _line(holds, f"{number}. {escape(name)} {escape(detail)}")
        draws = [each for each in (folder, *sorted(folder.iterdir()))
                 if (each / "seal.json").is_file() and (each / "result.json").is_file()]  # fmt: skip
        paired = [_pairing_holds(each, len(told), each is folder) for each in draws]
        signed = [_signatures_hold(each) for each in draws]
        if not all([*signed, *paired, *(holds for _, _, holds, _ in told)]):
            raise InspectionError("抽取文件核对不符", _NOT_OURS)
        if uscc is not None or slip is not None:
            _tell_own(folder, uscc, slip)


@contextmanager
def _folder(where: str) -> Iterator[Path]:
    """Give the folder that `where` means; what is on the web is fetched for as long as needed."""
    from blocks.public_site.fetching import fetched, is_address

    if is_address(where):
        with fetched(where) as folder:
            yield folder
        return
    path = Path(where)
    if path.name == "seal.json":
        path = path.parent
    if not path.is_dir():
        raise DrawError(f"找不到文件夹 {path}", "请给出抽取的文件夹、其中的 seal.json，或网址。")
    yield path


def _line(holds: bool, text: str) -> None:
    console.print(f"{'[green]✓[/]' if holds else '[red]✗[/]'} {text}")


def _pairing_holds(folder: Path, last: int, whole: bool) -> bool:
    """Check a draw's pairing of inspectors, once it is published: a line a check, numbered on, or
    one line in a city's list."""
    if not (folder / "pairing.json").is_file():
        return True
    told = pairing_verifier.verify(folder)
    wrong = [(name, detail) for _, name, holds, detail in told if not holds]
    if whole:
        for number, name, holds, detail in told:
            _line(holds, f"{last + number}. {name} {escape(detail)}")
    else:
        _line(not wrong, f"{folder.name} 人员匹配 " + escape(
            "；".join(f"{name}：{detail}" for name, detail in wrong) or told[0][3]))
    return not wrong


def _signatures_hold(folder: Path) -> bool:
    """Check the signatures of drand that stand in a draw's evidence, a line each."""
    try:
        seal, result = (_read(folder / name) for name in ("seal.json", "result.json"))
        signed = {entry["locator"]: entry for entry in result["evidence"]
                  if entry["kind"] == "drand" and "signature" in entry}  # fmt: skip
        sources = [one["locator"] for one in seal["randomness"] if one["kind"] == "drand"]
        return all([_is_signed(one, signed.get(one), seal["sealed_at"]) for one in sources])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        _line(False, "drand 的签名无法核验：封存或结果的格式不对")
        return False


def _is_signed(locator: str, entry: Mapping[str, str] | None, sealed_at: str) -> bool:
    """Check the signature of one round, and that nobody could know it at the seal."""
    from blocks.draw import beacon  # its curve takes a while to import

    if entry is None:
        console.print(f"  drand {escape(locator)} 没有附签名，它的值只能与 drand 公布的比对")
        return True
    try:
        chain, number = beacon.locate(locator)
        beacon.verify(chain, number, entry["signature"], entry.get("previous_signature", ""))
    except DrawError as error:
        _line(False, f"drand {escape(locator)} {escape(error.message)}")
        return False
    made = beacon.due_at(chain, number)
    later = "晚于" if made > sealed_at else "不晚于"
    _line(made > sealed_at, f"drand {escape(locator)} 签名有效；该轮产生于 {made}，{later}封存")
    return made > sealed_at


@dataclass(frozen=True)
class _Own:
    """A business's line of the pool, and its place there (from 0)."""

    id: str
    stratum: str
    weight: int
    line: str
    index: int

    @classmethod
    def read(cls, line: str, index: int) -> "_Own":
        _, id_, stratum, weight, *_ = line.split("\t")
        return cls(id_, stratum, int(weight), line, index)


def _tell_own(folder: Path, uscc: str | None, slip: Path | None) -> None:
    """Tell a business what became of it in this draw, whose files have been found true."""
    if not (folder / "seal.json").is_file():
        raise DrawError("--id 和 --slip 只能用于一次抽取", "请给出这次抽取的文件夹，而不是全市的。")
    seal = _read(folder / "seal.json")
    wanted = None if uscc is None else canonical_id(uscc, seal["hash"])
    if slip is not None:
        own = _from_slip(slip, seal, hexdigest(seal["hash"], (folder / "seal.json").read_bytes()))
        if wanted not in (None, own.id):
            raise DrawError(f"证明是 {own.id} 的，不是 {wanted} 的", "请换用这家企业自己的证明。")
    elif (folder / "pool.tsv").is_file():
        found = _from_pool(folder / "pool.tsv", wanted, seal)
        if found is None:
            console.print(f"{wanted} 不在待抽库的 {seal['pool']['size']} 户之中，不会被抽中")
            return
        own = found
    else:
        console.print(f"{wanted}：名单未公开，这一行不在公开文件里。企业可向牵头部门索取自己的证明，"
                      f"再用 --slip 核验；它能证明企业在库、在哪一层、权重多少")  # fmt: skip
        return
    _tell_ticket(folder, own, seal)


def _from_pool(path: Path, wanted: str | None, seal: Mapping[str, Any]) -> _Own | None:
    """Find the business in the public pool, and show how short its proof is."""
    lines = path.read_bytes().split(b"\n")[:-1]
    start = f"SJD1\t{wanted}\t".encode()
    index = next((at for at, line in enumerate(lines) if line.startswith(start)), None)
    if index is None:
        return None
    own = _Own.read(lines[index].decode(), index)
    proof = merkle.proof(merkle.leaves(lines, seal["hash"]), index, seal["hash"])
    _tell_place(own, proof, seal)
    return own


def _from_slip(path: Path, seal: Mapping[str, Any], sealed: str) -> _Own:
    """Read a business's slip, and check it against the seal's root."""
    try:
        slip = _read(path)
        own = _Own.read(slip["line"], slip["index"])
        sides = [side for side, _ in slip["proof"]]
        proven = merkle.verify(slip["line"].encode(), slip["proof"], seal["pool"]["root"],
                               seal["hash"])  # fmt: skip
        is_whole = (canonical_json(slip) == path.read_bytes() and slip["version"] == "SJD-1"
                    and len(slip) == 5)  # fmt: skip
        fits = sides == _sides(slip["index"], seal["pool"]["size"])
    except OSError as error:
        raise DrawError(f"读不了 {path}：{error.strerror}", "请核对证明文件的路径。") from error
    except (DrawError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DrawError(f"{path} 不是在库证明", "请使用牵头部门出具的原始文件。") from error
    if slip["seal"] != sealed:
        raise DrawError("证明属于另一次抽取的封存", "请给出证明所属那次抽取的文件夹。")
    if not (proven and is_whole and fits):
        raise DrawError("证明不能通到封存的根值，不成立", _NOT_OURS)
    _tell_place(own, slip["proof"], seal)
    return own


def _sides(index: int, size: int) -> list[str]:
    """Return on which side each sibling stands on the way from leaf `index` to the root."""
    sides = []
    while size > 1:
        if index ^ 1 < size:
            sides.append("left" if index & 1 else "right")
        index, size = index // 2, (size + 1) // 2
    return sides


def _tell_place(own: _Own, proof: Sequence, seal: Mapping[str, Any]) -> None:
    size = seal["pool"]["size"]
    console.print(f"{own.id} 在待抽库中：{size} 户的第 {own.index + 1} 行，{len(proof)} 步证明到封存的根值")
    typer.echo(f"  {own.line}")  # with its tabs, so that it can be hashed


def _tell_ticket(folder: Path, own: _Own, seal: Mapping[str, Any]) -> None:
    """Tell the ticket, the threshold and the outcome, and how to compute the ticket by hand."""
    if not (folder / "result.json").is_file():
        console.print("  这次抽取没有结果")
        return
    result = _read(folder / "result.json")
    seed = result["seed_targets"]
    digest = hexdigest(seal["hash"], f"{seed}{own.id}".encode())
    key = int(digest[:16], 16) // own.weight
    stratum = next((one for one in result["strata"] if one["code"] == own.stratum), None)
    if stratum is None:
        raise DrawError(f"结果中没有 {own.id} 所在的层「{own.stratum}」", _NOT_OURS)
    console.print(f"  签 {digest}\n  签值 {key}（签的前 16 位十六进制数 ÷ 权重 {own.weight}，取整）；"
                  f"{_threshold(stratum)}\n  {own.id} {_outcome(stratum, own.id, digest, key)}")  # fmt: skip
    console.print(f"  自己算这支签：printf %s%s {seed} {shlex.quote(own.id)} | "
                  f"{_COMMANDS[seal['hash']]}")  # fmt: skip


def _threshold(stratum: Mapping[str, Any]) -> str:
    if not stratum["drawn"]:
        return escape(f"层「{stratum['code']}」不抽")
    return escape(f"层「{stratum['code']}」抽到签值 {stratum['drawn'][-1]['key']} 为止")


def _outcome(stratum: Mapping[str, Any], id_: str, digest: str, key: int) -> str:
    """Say what became of a ticket.

    Raises:
        DrawError: the result lists it otherwise than it must; only withheld lines can hide this.
    """
    listed = [*stratum["drawn"], *stratum["reserves"]]
    place = next((one for one in listed if one["id"] == id_), None)
    if place is not None and (int(place["key"]), place["digest"]) != (key, digest):
        raise DrawError(f"结果中 {id_} 的签与其所在的层和权重不符", _NOT_OURS)
    if place is None and any((key, digest) < (int(one["key"]), one["digest"]) for one in listed):
        raise DrawError(f"按签值 {id_} 应在名单之中，结果里却没有", _NOT_OURS)
    if place is None:
        return "没有抽中"
    if place in stratum["drawn"]:
        return f"抽中（第 {place['rank']} 名）"
    return f"没有抽中，是备选第 {place['rank'] - len(stratum['drawn'])} 名"


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())
