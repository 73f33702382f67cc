"""How many of whom: strata, rates and numbers (抽查比例或数量, art. 8(2)).

A stratum is a risk class, with `+` behind it for businesses whose rate a scheme raises because
they stand on a list or were complained about. Everything is counted in integers.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Protocol

from blocks.draw.strata import StratumRule, allot
from blocks.errors import RuleViolation
from blocks.rules.regulation import Regulation

RAISES = {"on_abnormal_list": "列入经营异常名录", "on_serious_list": "列入严重违法失信名单",
          "complaints": "被投诉举报", "penalties": "受过行政处罚"}
RISK_CLASSES = ("A", "B", "C", "D")
RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|％)|(\d+)\s*/\s*(\d+)")


class Sampled(Protocol):
    """What sampling needs to know of a business."""

    risk_class: str
    on_abnormal_list: bool
    on_serious_list: bool
    complaints: int
    penalties: int


def parse_rate(text: Any) -> Fraction:
    """Read a rate such as `5%`, `0.5%` or `1/20` as an exact fraction.

    Raises:
        RuleViolation: it is no rate, or not between 0 and 100 %.
    """
    match = RATE.fullmatch(str(text).strip())
    if match is None or match[3] == "0":
        raise RuleViolation(f"抽查比例「{text}」看不懂", "请写成 5% 或 1/20", article=8)
    rate = Fraction(match[1]) / 100 if match[1] else Fraction(int(match[2]), int(match[3]))
    if not 0 <= rate <= 1:
        raise RuleViolation(f"抽查比例「{text}」应在 0 到 100% 之间", "请改正", article=8)
    return rate


def factor_of(target: Sampled, raises: Mapping[str, Any]) -> int:
    """Return by how much the scheme raises this business's rate: 1, or the largest that applies."""
    return max([1, *(int(f) for name, f in raises.items() if getattr(target, name))])


def stratum_of(target: Sampled, raises: Mapping[str, Any]) -> str:
    """Return the code of the stratum a business is drawn in, e.g. `C` or `C+2`."""
    factor = factor_of(target, raises)
    return target.risk_class if factor == 1 else f"{target.risk_class}+{factor}"


def _split(stratum: str) -> tuple[str, int]:
    risk_class, _, factor = stratum.partition("+")
    return risk_class, int(factor or 1)


def check_sampling(sampling: Mapping[str, Any]) -> list[RuleViolation]:
    """Return everything wrong with a scheme's ratio or number (art. 8(2))."""
    wrong: list[RuleViolation] = []
    mode = sampling.get("mode")
    if mode not in ("ratio", "number"):
        wrong.append(RuleViolation("没有写明抽查比例或数量", "sampling.mode 请写 ratio 或 number",
                                   article=8))
    odd = [RuleViolation(f"sampling.{name} 的写法看不懂：{sampling[name]}",
                         "请逐项写明，见 config/sample/scheme.yaml", article=8)
           for name in ("rates", "raise") if not isinstance(sampling.get(name) or {}, Mapping)]
    if odd:
        return wrong + odd
    for risk_class, rate in dict(sampling.get("rates") or {}).items():
        try:
            parse_rate(rate)
        except RuleViolation as error:
            wrong.append(error)
        if risk_class not in RISK_CLASSES:
            wrong.append(RuleViolation(f"没有信用风险类别「{risk_class}」", "类别为 A、B、C、D"))
    if mode == "number" and not _is_count(sampling.get("number")):
        wrong.append(RuleViolation("抽查数量应为正整数", "sampling.number 请写家数", article=8))
    if "at_least" in sampling and (mode != "ratio" or not _is_count(sampling["at_least"])):
        wrong.append(RuleViolation("「不少于若干家」应为正整数，并与比例同用",
                                   "sampling.at_least 请写家数，sampling.mode 为 ratio", article=8))
    for name, factor in dict(sampling.get("raise") or {}).items():
        if name not in RAISES or not _is_count(factor):
            wrong.append(RuleViolation(f"提高抽查频次的写法看不懂：{name}: {factor}",
                                       f"可用：{'、'.join(RAISES)}，倍数为正整数", article=8))
    return wrong


def _is_count(value: Any) -> bool:
    return type(value) is int and value > 0


def _shares(number: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """Share a number among strata; what a small raised one cannot give, the others do."""
    shares: dict[str, int] = {}
    left = min(number, sum(sizes.values()))
    while True:
        weights = {code: size * _split(code)[1] for code, size in sizes.items()
                   if code not in shares}
        fair = allot(left, weights)
        full = {code: sizes[code] for code in fair if fair[code] > sizes[code]}
        if not full:
            return {**shares, **fair}
        shares.update(full)
        left -= sum(full.values())


def strata_rules(sampling: Mapping[str, Any], sizes: Mapping[str, int],
                 regulation: Regulation) -> list[StratumRule]:
    """Return the rule of each stratum of a pool. `sizes`: how many candidates each has.

    By ratio, "not less than" rounds up; by number, the total is shared by largest remainder over
    the sizes times their raises. A ratio that comes to fewer than `at_least` is a number.
    """
    if sampling["mode"] == "number":
        return _by_number(sampling["number"], sizes, regulation)
    rates = {c: parse_rate(r) for c, r in dict(sampling.get("rates") or {}).items()}
    rules = []
    for code in sorted(sizes):
        risk_class, factor = _split(code)
        rate = min(Fraction(1), rates.get(risk_class, regulation.sampling_rate(risk_class)) * factor)
        rules.append(_rule(code, "ratio", rate.numerator, rate.denominator, sizes[code],
                           regulation))
    least = sampling.get("at_least", 0)
    if sum(_count(rule, sizes[rule.code]) for rule in rules) < least:
        return _by_number(least, sizes, regulation)
    return rules


def _by_number(number: int, sizes: Mapping[str, int], regulation: Regulation) -> list[StratumRule]:
    shares = _shares(number, sizes)
    return [_rule(code, "number", shares[code], 1, sizes[code], regulation) for code in sorted(sizes)]


def _count(rule: StratumRule, size: int) -> int:
    return min(size, -(-size * rule.numerator // rule.denominator))


def _rule(code: str, mode: str, numerator: int, denominator: int, size: int,
          regulation: Regulation) -> StratumRule:
    count = min(size, -(-size * numerator // denominator) if mode == "ratio" else numerator)
    reserves = max(1, -(-count * regulation.reserves_share // 1)) if count else 0
    return StratumRule(code, mode, numerator, denominator, int(reserves))
