"""Departments as a province has them: inspectors and visits by county, a few individual interests.

An inspector may go to the visits of their county (the area rule); one visit in a hundred has
somebody who must stay away from it. A third may lead.
"""

import random

from blocks.draw.candidates import PairingInspector, PairingVisit
from blocks.draw.departments import Problem

DEPARTMENTS = 8
INTERESTS = 100  # one visit in so many


def departments(visits: int, inspectors: int, counties: int) -> dict[str, Problem]:
    """Return eight departments, each with so many visits and inspectors; always the same ones."""
    return {
        f"D{number}": _department(f"{number:02d}", visits, inspectors, counties)
        for number in range(DEPARTMENTS)
    }


def _department(code: str, visits: int, inspectors: int, counties: int) -> Problem:
    chance = random.Random(code)
    most = 4 * -(-2 * visits // inspectors)
    people = [
        PairingInspector(f"粤{code}{n:07d}", n // counties % 3 == 0, most)
        for n in range(inspectors)
    ]
    pools = [frozenset(one.id for one in people[county::counties]) for county in range(counties)]
    ordered = [sorted(pool) for pool in pools]
    asked = []
    for n in range(visits):
        county = chance.randrange(counties)
        eligible = pools[county]
        if n % INTERESTS == 0:
            eligible = eligible - {chance.choice(ordered[county])}
        asked.append(PairingVisit(f"91{440000 + county:06d}{n * 7_368_787 % 10**10:010d}", eligible))
    return Problem(code[-1] * 64, asked, people, "sm3")
