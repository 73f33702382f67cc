"""P3: draw from one million; beside Rivest's consistent_sampler, from which the idea comes."""

from blocks.draw import many
from blocks.draw.tickets import Batch, draw
from tests.bench.benchmark import MILLION, Benchmark
from tests.bench.candidates import LENGTH, in_memory

SEED = "5a" * 32


class OneMillion(Benchmark):
    """Processor time of all threads: his is one Python loop, ours uses every core."""

    id = "P3"
    work = "draw 5 % of 1 million"
    peer_name = "consistent_sampler"
    goal, limit = 1 / 80, "0.0067"
    sizes = {"toy": 2_000, "full": MILLION}  # noqa: RUF012
    clock = "cpu"

    def make(self, size, shared):
        self.data, self.offsets, _ = in_memory(size)
        self.ids = [one.decode() for one in self.data.view(f"S{LENGTH}").tolist()]
        self.count = size // 20
        many.is_fast(size)

    def ours(self):
        batch = Batch(self.data, self.offsets[:-1], self.offsets[1:])
        (drawn,) = draw([batch], [self.count], SEED, "sha256")
        assert len(drawn) == self.count

    def peer(self):
        from consistent_sampler import sampler

        drawn = sampler(self.ids, SEED, take=self.count, output="id")
        assert len(list(drawn)) == self.count


BENCHMARK = OneMillion()
