"""The pool of a rehearsal, as an office has it: a CSV with a column `id`, and its strata's rules."""

import codecs
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pyarrow import csv

from blocks.draw import columns
from blocks.draw.ids import canonical_id
from blocks.draw.pool import MAX_WEIGHT, Pool, of_columns
from blocks.draw.strata import StratumRule, allot
from blocks.errors import DrawError, NotFound
from blocks.rules.sampling import parse_rate

ALL = "all"
_PLAIN = "[0-9A-Z._:-]{1,55}"


def read_pool(path: Path, hash_name: str, weights: str | None = None) -> Pool:
    """Return the pool of a CSV: `id`, and if wanted `stratum` and the column named by `weights`.

    UTF-8 with or without BOM, or GB18030; lines may end as Windows ends them. Ids become canonical.

    Raises:
        NotFound: there is no such file.
        DrawError: no column `id`, a value missing, an id twice, a weight that is none.
    """
    table = _read(path)
    ids, strata = _column(table, "id", path), _strata(table, path)
    given = _weights(_column(table, weights, path), weights) if weights else None
    return of_columns(_canonical(ids, hash_name), strata, given)


def _read(path: Path) -> pa.Table:
    content = _bytes(path)
    try:
        names = csv.read_csv(pa.BufferReader(content.split(b"\n", 1)[0] + b"\n")).column_names
        return csv.read_csv(pa.BufferReader(content), convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, columns.TEXT), strings_can_be_null=False,
            null_values=[]))
    except pa.ArrowInvalid as why:
        raise DrawError(f"{path.name} 不是能读的 CSV：{why}",
                        "请另存为“CSV（UTF-8，逗号分隔）”，第一行是列名 id，可以有 stratum。") from why


def _bytes(path: Path) -> bytes:
    """Return a file as UTF-8 without BOM."""
    try:
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as why:
        raise NotFound(f"读不了文件 {path}：{why.strerror}", "请核对路径。") from why
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding).encode()
        except UnicodeDecodeError:
            continue
    raise DrawError(f"{path.name} 的文字编码无法识别", "请另存为“CSV（UTF-8，逗号分隔）”。")


def _column(table: pa.Table, name: str, path: Path) -> pa.LargeStringArray:
    found = [one for one in table.column_names if one.strip().lower() == name.lower()]
    if len(found) != 1:
        raise DrawError(f"{path.name} 中应有一列「{name}」",
                        f"现有的列：{'、'.join(table.column_names)}。")
    return columns.text(table[found[0]])


def _strata(table: pa.Table, path: Path) -> pa.LargeStringArray:
    names = [one.strip().lower() for one in table.column_names]
    if "stratum" not in names:
        return columns.text(pa.repeat(ALL, table.num_rows))
    return columns.text(pc.utf8_trim_whitespace(_column(table, "stratum", path)))


def _weights(given: pa.LargeStringArray, name: str) -> pa.Array:
    odd = columns.misfit(given, "[0-9]{1,9}")
    if odd is None:
        numbers = given.cast(pa.int64())
        wrong = pc.or_(pc.less(numbers, 1), pc.greater(numbers, MAX_WEIGHT))
        if (at := pc.index(wrong, True).as_py()) < 0:
            return numbers.cast(pa.uint16())
        odd = given[at].as_py()
    raise DrawError(f"「{name}」列中的权重「{odd}」不合规", f"权重须为 1 到 {MAX_WEIGHT} 的整数。")


def _canonical(ids: pa.LargeStringArray, hash_name: str) -> pa.LargeStringArray:
    """Only what is not plain already costs a step of Python."""
    odd = pc.invert(pc.match_substring_regex(ids, rf"\A{_PLAIN}\z"))
    told = [canonical_id(text, hash_name) for text in ids.filter(odd).to_pylist()]
    return columns.text(pc.replace_with_mask(ids, odd, pa.array(told, columns.TEXT)))


def rules_for(sizes: Mapping[str, int], reserves: Fraction, *, rate: str | None = None,
              count: int | None = None, strata: Path | None = None,
              weighted: bool = False) -> list[StratumRule]:
    """Return the rule of each stratum: one rate for all, a number shared by size, or a file's.

    `reserves`: their share of the number drawn, at least one where anybody is drawn.

    Raises:
        DrawError: not exactly one of the three is given, or more is wanted than there is.
        RuleViolation: a rate is none.
    """
    if sum(one is not None for one in (rate, count, strata)) != 1:
        raise DrawError("抽多少没有写明，或写了两种", "请只用 --rate、--count、--strata 中的一个。")
    if rate is not None:
        wanted: dict[str, Any] = dict.fromkeys(sizes, rate)
    elif count is not None:
        wanted = allot(count, sizes)
    else:
        wanted = _read_rules(strata)
    for code in wanted.keys() - sizes.keys():
        raise DrawError(f"待抽库中没有层「{code}」", f"现有的层：{'、'.join(sizes)}。")
    return [_rule(code, wanted[code], size, reserves, weighted)
            for code, size in sizes.items() if code in wanted]


def _read_rules(path: Path) -> dict[str, Any]:
    """Read `层: 5%` or `层: 30`, a line each: YAML, JSON, or a CSV of stratum and rate or count."""
    text = _bytes(path).decode()
    if path.suffix.lower() != ".csv":
        try:
            found = yaml.safe_load(text)
        except yaml.YAMLError as why:
            raise DrawError(f"{path.name} 不是能读的 YAML：{why}", "请写成 A: 5% 的样子。") from why
        if not isinstance(found, dict):
            raise DrawError(f"{path.name} 的写法看不懂", "请每行写一层，如 A: 5% 或 B: 30。")
        return {str(code): value for code, value in found.items()}
    table = _read(path)
    values = {name: _column(table, name, path).to_pylist()
              for name in ("rate", "count") if name in table.column_names}
    if not values:
        raise DrawError(f"{path.name} 中应有一列「rate」或「count」", "列名：stratum,rate 或 stratum,count。")
    chosen = [next((one for one in row if one), "") for row in zip(*values.values(), strict=True)]
    return dict(zip(_column(table, "stratum", path).to_pylist(), chosen, strict=True))


def _rule(code: str, wanted: Any, size: int, reserves: Fraction, weighted: bool) -> StratumRule:
    if isinstance(wanted, int) or str(wanted).strip().isdigit():
        top, bottom, mode, count = int(wanted), 1, "number", int(wanted)
    else:
        rate = parse_rate(wanted)
        top, bottom, mode = rate.numerator, rate.denominator, "ratio"
        count = -(-size * top // bottom)
    if not 0 <= count <= size:
        raise DrawError(f"层「{code}」要抽 {wanted} 户，只有 {size} 户", "请减少抽取数量。")
    if weighted:
        top, bottom, mode = count, 1, "weighted"
    kept = max(1, -(-count * reserves // 1)) if count else 0
    return StratumRule(code, mode, top, bottom, int(kept))
