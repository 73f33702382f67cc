"""Strata (层): each risk class, county or list has its own ratio or number.

All in whole numbers. "不少于 10 %" means at least, so a ratio is rounded up: of 7, one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from blocks.draw.pool import is_code
from blocks.errors import DrawError

MODES = ("ratio", "number", "weighted")


@dataclass(frozen=True)
class StratumRule:
    """How many of the stratum `code` are drawn, and how many reserves follow them.

    `ratio`: numerator / denominator of its size, rounded up. `number` and `weighted`: `numerator`
    of them; in `weighted` the candidates' weights count.
    """

    code: str
    mode: str
    numerator: int
    denominator: int = 1
    reserves: int = 0


def sealed_strata(rules: Iterable[StratumRule], sizes: Mapping[str, int]) -> list[dict]:
    """Return the strata as `seal.json` holds them, in order of code, with size and count.

    `sizes`: how many candidates each stratum of the pool has. A rule whose stratum is empty stays,
    with size 0, so that everybody sees it was asked for.

    Raises:
        DrawError: a stratum in the pool without a rule, a rule twice, or one that makes no sense.
    """
    by_code: dict[str, StratumRule] = {}
    for rule in rules:
        _check(rule)
        if by_code.setdefault(rule.code, rule) is not rule:
            raise DrawError(f"层「{rule.code}」有两条抽取规则", "请只保留一条。")
    for code in sizes:
        if code not in by_code:
            raise DrawError(f"待抽库中有层「{code}」，但没有它的抽取规则",
                            "请在工作方案中补上这一层的比例或数量。")  # fmt: skip
    return [_sealed(by_code[code], sizes.get(code, 0)) for code in sorted(by_code)]


def allot(total: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """Share `total` among strata by their sizes: largest remainder (Hamilton), ties by code.

    Never more than a stratum's size, since `total` is at most the sum of the sizes.
    """
    whole = sum(sizes.values())
    if not 0 <= total <= whole or min(sizes.values(), default=0) < 0:
        raise DrawError(f"要抽取 {total} 户，待抽库只有 {whole} 户", "请减少抽取数量或扩大范围。")
    if not whole:
        return dict.fromkeys(sorted(sizes), 0)
    shares = {code: total * sizes[code] // whole for code in sorted(sizes)}
    left = total - sum(shares.values())
    for code in sorted(sizes, key=lambda code: (-(total * sizes[code] % whole), code))[:left]:
        shares[code] += 1
    return shares


def _sealed(rule: StratumRule, size: int) -> dict:
    if rule.mode == "ratio":
        numerator, denominator = rule.numerator, rule.denominator
        count = -(-size * numerator // denominator)
    else:
        numerator = count = min(rule.numerator, size)
        denominator = 1
    return {
        "code": rule.code,
        "size": size,
        "mode": rule.mode,
        "numerator": numerator,
        "denominator": denominator,
        "count": count,
        "reserves": min(rule.reserves, size - count),
    }


def _check(rule: StratumRule) -> None:
    numbers = (rule.numerator, rule.denominator, rule.reserves)
    if not is_code(rule.code) or rule.mode not in MODES:
        raise DrawError(
            f"层「{rule.code}」的抽取方式「{rule.mode}」不认识", f"可用：{'、'.join(MODES)}。"
        )
    if any(type(number) is not int or number < 0 for number in numbers) or rule.denominator < 1:
        raise DrawError(f"层「{rule.code}」的数量不是非负整数", "比例请写成分子和分母两个整数。")
    if rule.mode == "ratio" and rule.numerator > rule.denominator:
        raise DrawError(f"层「{rule.code}」的抽取比例超过 100%", "请改为不超过 1 的比例。")
    if rule.mode != "ratio" and rule.denominator != 1:
        raise DrawError(f"层「{rule.code}」按数量抽取，不应有分母", "请去掉分母，或改为按比例。")

