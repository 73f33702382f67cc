"""What a scheme will take before it is drawn (人员测算): targets expected, people needed and there.

Nothing is drawn and nothing is written. The simulated draws are seeded by the scheme's version, so
that the same preview says the same twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.orm import Session

from blocks import settings
from blocks.draw.forecast import Crew, Forecast, Trouble, expected, forecast, shares, simulate
from blocks.draw.strata import allot, sealed_strata
from blocks.register.bench import Bench, Reasons, of_register, personal, regulation_of
from blocks.register.contents import proposed_items
from blocks.register.directories import Department
from blocks.register.pool import Found, counts
from blocks.register.schemes import Scheme, departments_of
from blocks.rules.eligibility import TARGET_EXCLUSIONS
from blocks.rules.sampling import strata_rules

_MOST_SPECIAL = 300  # groups of businesses that somebody is kept from, looked at one by one
CITY = "市直"
Draws = list[np.ndarray]


@dataclass(frozen=True)
class Sample:
    """What is to be drawn from a pool of n: `strata`, `places` (n,) number codes and counties."""

    codes: list[str]
    strata: np.ndarray
    counties: list[str]
    places: np.ndarray
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)


def outlook(session: Session, scheme: Scheme, found: Found) -> dict[str, Any]:
    """Return what an approver should know of the staffing, as JSON.

    {"targets", "draws", "probability" (that somebody cannot be staffed), "expected": {stratum:
    {county: targets}}, "departments": [{"department", "items", "needed", "available", "leaders",
    "out": {reason: people}, "load", "capacity", "probability", "trouble", "remedies"}]}
    """
    sample = _sample(scheme, found)
    simulated = _simulator(scheme, sample)
    _, drawn = simulated(100)
    items = {department: proposed_items(session, scheme, department)
             for department in departments_of(session, scheme)}
    benches = [of_register(session, scheme, *each) for each in items.items()]
    told, failed = [], {}
    for where, kept in zip(benches, personal(session, benches), strict=True):
        crew, names = _crew(where, kept, found, sample)
        answer = forecast(crew, drawn, simulated)
        failed[where.department.code] = answer.failed
        told.append(_of_department(items[where.department], where, sample, answer, names))
    each, whole = shares(failed)
    for entry, code in zip(told, failed, strict=True):
        entry["probability"] = each[code]
    return {"targets": sample.total, "draws": len(drawn), "probability": whole,
            "expected": _expected(sample), "departments": told}


def glance(scheme: Scheme, found: Found) -> dict[str, Any]:
    """Return what a scope finds and how many of it will be drawn, without the staffing; as JSON.

    {"pool", "drawn", "teams" (inspectors a department), "excluded": {reason: businesses},
    "counties": [names], "strata": [{"code", "size", "count", "counties": {name: businesses}}]}
    """
    sample = _sample(scheme, found)
    table = Counter(zip(sample.strata.tolist(), sample.places.tolist(), strict=True))
    names = [county_name(code) for code in sample.counties]
    strata = []
    for at, (code, count) in enumerate(zip(sample.codes, sample.counts, strict=True)):
        by_name: Counter[str] = Counter()
        for place, name in enumerate(names):
            by_name[name] += table[at, place]
        strata.append({"code": code, "size": found.sizes[code], "count": count, "counties": dict(by_name)})
    excluded = {TARGET_EXCLUSIONS[code]: n for code, n in counts(found.excluded["reason"]).items()}
    return {"pool": found.candidates.num_rows, "drawn": sample.total, "excluded": excluded,
            "teams": regulation_of(scheme).min_inspectors_per_check, "counties": sorted(set(names)),
            "strata": strata}


def _sample(scheme: Scheme, found: Found) -> Sample:
    sizes = found.sizes
    rules = strata_rules(scheme.sampling, sizes, regulation_of(scheme))
    wanted = {one["code"]: one["count"] for one in sealed_strata(rules, sizes)}
    codes = sorted(sizes)
    strata, places = (_numbers(found.candidates[name]) for name in ("stratum", "county"))
    order = np.array([codes.index(code) for code in strata[0]], np.int64)
    return Sample(codes, order[strata[1]] if codes else strata[1], *places,
                  [wanted[code] for code in codes])


def _numbers(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    coded = pa.chunked_array([column.combine_chunks().dictionary_encode()]).combine_chunks()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _simulator(scheme: Scheme, sample: Sample) -> Callable[[int], tuple[int, Draws]]:
    """Return what simulates draws of so many percent of the sample."""
    @cache
    def simulated(percent: int) -> tuple[int, Draws]:
        total = sample.total * percent // 100
        shared = allot(total, dict(zip(sample.codes, sample.counts, strict=True)))
        counts = [shared[code] for code in sample.codes]
        return total, simulate(sample.strata, counts, scheme.id * 1000 + scheme.version)
    return simulated


def _crew(where: Bench, kept: Mapping[str, Reasons], found: Found,
          sample: Sample) -> tuple[Crew, list[str]]:
    """Return a department's crew, and the county of each of its groups of businesses.

    A group is a county, less the businesses from which somebody is kept for a personal reason:
    these are grouped by county and by whom. Of more than a few hundred such groups those with the
    most people to choose from are counted with their county.
    """
    groups, away = sample.places.copy(), [frozenset()] * len(sample.counties)
    names = [*sample.counties]
    for (place, gone), rows in _special(where, kept, found, sample).items():
        groups[rows] = len(away)
        away.append(gone)
        names.append(sample.counties[place])
    pools = [where.by_county(county) - gone for county, gone in zip(names, away, strict=True)]
    anywhere = None if where.area_rule == "any" else [
        frozenset(where.people) - gone for gone in away]
    return Crew(groups, pools, where.longer(0), where.team, where.longer, anywhere), names


def _special(where: Bench, kept: Mapping[str, Reasons], found: Found,
             sample: Sample) -> dict[tuple[int, frozenset[str]], list[int]]:
    rows = pc.index_in(pa.array(list(kept), pa.large_string()),
                       value_set=found.candidates["uscc"].combine_chunks()).to_pylist()
    special: dict[tuple[int, frozenset[str]], list[int]] = {}
    for row, reasons in zip(rows, kept.values(), strict=True):
        if row is not None:
            place = int(sample.places[row])
            gone = where.by_county(sample.counties[place]).intersection(reasons)
            if gone:
                special.setdefault((place, gone), []).append(row)
    fewest = sorted(special, key=lambda key: (len(
        where.by_county(sample.counties[key[0]]) - key[1]), sorted(key[1])))
    return {key: special[key] for key in fewest[:_MOST_SPECIAL]}


def _of_department(items: Sequence[str], where: Bench, sample: Sample, answer: Forecast,
                   names: Sequence[str]) -> dict[str, Any]:
    department = where.department
    needed = sample.total * where.team
    trouble = answer.trouble
    return {
        "department": department.short_name, "items": list(items), "needed": needed,
        "available": len(where.people),
        "leaders": sum(person.may_lead for person in where.people.values()),
        "out": dict(sorted(Counter(where.out.values()).items())),
        "load": round(needed / len(where.people), 2) if where.people else None,
        "capacity": sum(where.max_load.values()),
        "trouble": _sentence(department, items, trouble, names) if trouble else None,
        "remedies": _remedies(items, trouble) if trouble else [],
    }


def _sentence(department: Department, items: Sequence[str], trouble: Trouble,
              names: Sequence[str]) -> str:
    """Say whom it fails on, by county and item."""
    short = trouble.shortage
    counted = Counter(county_name(names[int(visit.partition("#")[0])]) for visit in short.visits)
    visits = "、".join(f"{county}{number}家" for county, number in sorted(counted.items()))
    head = f"{visits}的{department.short_name}检查（{'、'.join(items) or '没有事项'}）"
    people = len(short.leaders) + len(short.others)
    if short.kind == "lead":
        need = f"各需1名能担任组长的检查人员，符合条件的只有{len(short.leaders)}人"
    elif short.kind == "seats":
        need = f"共需{short.needed}人次，符合条件的只有{people}人"
    else:
        need = (f"共需{short.needed}人次并各有1名组长，能担任组长的{len(short.leaders)}人、"
                f"其他{len(short.others)}人合起来不够")
    return f"{head}{need}，按任务上限最多能排{short.filled}人次，还差{short.short}人次"


def _remedies(items: Sequence[str], trouble: Trouble) -> list[str]:
    """Return what alone would lift it, in Chinese; each was tried on every simulated draw."""
    tried = {
        f"增加{trouble.more}名能担任组长、具备{'、'.join(items)}资格的检查人员": trouble.more,
        "放宽区域规则": trouble.lifted,
        f"把检查时间延长{trouble.days}个工作日": trouble.days,
        f"把抽取数减到{trouble.fewer}户": trouble.fewer,
    }
    return [remedy for remedy, helps in tried.items() if helps]


def county_name(code: str) -> str:
    return settings.COUNTIES.get(code, CITY)


def _expected(sample: Sample) -> dict[str, dict[str, float]]:
    table = expected(sample.strata, sample.places, sample.counts, len(sample.counties))
    told: dict[str, dict[str, float]] = {}
    for code, row in zip(sample.codes, table.tolist(), strict=True):
        by_name: Counter[str] = Counter()
        for county, number in zip(sample.counties, row, strict=True):
            by_name[county_name(county)] += number
        told[code] = {name: round(number, 1) for name, number in sorted(by_name.items())}
    return told


def verdicts(found: Mapping[str, Any]) -> list[str]:
    """Return an outlook's troubles as sentences, one a department; [] where all can be staffed."""
    told = []
    for entry in found["departments"]:
        if entry["trouble"]:
            remedies = "；".join(entry["remedies"])
            told.append(
                f"人员不足：{entry['department']}在{entry['probability']:.1%}的模拟抽取中排不开。"
                f"{entry['trouble']}。" + (f"单独采用下列任一项即可：{remedies}" if remedies else
                                          "没有哪一项单独就够，请增加人员并减少抽取数"))
    return told
