"""P1: draw 5 % of twenty million, weighted, so that anybody can check it; beside pandas."""

from blocks.draw import many
from blocks.draw.tickets import Batch, draw
from tests.bench.benchmark import MILLION, Benchmark
from tests.bench.candidates import in_memory

SEED = "5a" * 32


class InMemory(Benchmark):
    """pandas draws with the same weights, by floats, and nobody can recompute it."""

    id = "P1"
    work = "draw 5 % of 20 million, weighted, in memory"
    peer_name = "pandas.DataFrame.sample(weights=)"
    goal, limit = 0.20, "0.08"
    sizes = {"toy": 5_000, "full": 20 * MILLION}  # noqa: RUF012
    bounds = {"peak_mb": 900}  # noqa: RUF012

    def make(self, size, shared):
        self.data, self.offsets, self.weights = in_memory(size)
        self.count = size // 20
        many.is_fast(size)  # what is compiled is compiled before the clock starts

    def ours(self):
        batch = Batch(self.data, self.offsets[:-1], self.offsets[1:], None, self.weights)
        (drawn,) = draw([batch], [self.count], SEED, "sm3")
        assert len(drawn) == self.count

    def peer(self):
        import pandas

        frame = pandas.DataFrame({"weight": self.weights})
        assert len(frame.sample(n=self.count, weights="weight", random_state=1)) == self.count


BENCHMARK = InMemory()
