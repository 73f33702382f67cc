"""P5: pairing eight departments' inspectors; beside OR-Tools' min-cost flow alone, on our arcs.

The peer is handed the arcs as arrays, all of a department at once and with nothing to decide: no
ticket, no K, no proof that the pairing is the only one. It holds Python's lock while it solves, so
the departments go one after another; ours run in as many threads as there are cores.
"""

from contextlib import contextmanager
from pathlib import Path

import numpy as np

from blocks.draw import many, residual
from blocks.draw.candidates import FIRST_K, Tickets, candidate_graph
from blocks.draw.departments import pair_all
from blocks.draw.pairing import Pairing
from blocks.draw.solver import Net, min_cost_arcs
from tests.bench.benchmark import Benchmark
from tests.bench.departments import departments

CITY = (10_000, 2_000, 10)  # visits, inspectors, counties


class Departments(Benchmark):
    """A province; `sizes["city"]` is the smaller one."""

    id = "P5"
    work = "pairing for 8 departments, 100,000 visits × 10,000 inspectors each; city: 10,000 × 2,000"
    peer_name = "OR-Tools min-cost flow alone, same arcs"
    goal, limit = 1.5, "1"
    sizes = {"toy": (60, 24, 2), "city": CITY, "full": (100_000, 10_000, 120)}  # noqa: RUF012
    bounds = {"peak_mb": 3_000}  # noqa: RUF012

    @contextmanager
    def shared(self, size, folder):
        for code, problem in departments(*size).items():
            visits = sorted(problem.visits, key=lambda visit: visit.id)
            tickets = Tickets(problem.seed, problem.hash_name)
            net = Net(candidate_graph(visits, problem.inspectors, tickets, FIRST_K))
            for number, column in enumerate(min_cost_arcs(net, net.first_offer())):
                np.save(folder / f"{code}-{number}.npy", column)
        yield str(folder)

    def make(self, size, shared):
        self.problems = departments(*size)
        self.folder = Path(shared)
        many.is_fast(many.FAST_FROM)  # what is compiled is compiled before the clock starts
        residual.is_fast(residual.FAST_FROM)

    def ours(self):
        answers = pair_all(self.problems)
        assert all(isinstance(answer, Pairing) for answer in answers.values())

    def peer(self):
        from ortools.graph.python import min_cost_flow

        for code in self.problems:
            tail, head, room, cost, nodes, supplies = (
                np.load(self.folder / f"{code}-{number}.npy", mmap_mode="r") for number in range(6)
            )
            flow = min_cost_flow.SimpleMinCostFlow()
            arcs = flow.add_arcs_with_capacity_and_unit_cost(tail, head, room, cost)
            flow.set_nodes_supplies(nodes, supplies)
            assert flow.solve() == flow.OPTIMAL
            assert flow.flows(arcs).any()


BENCHMARK = Departments()
