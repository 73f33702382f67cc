"""P2: the same draw from a Parquet file, of which no more than a few batches are in memory."""

from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from blocks.draw import many
from blocks.draw.tickets import Batch, draw
from tests.bench.benchmark import MILLION, Benchmark
from tests.bench.candidates import LENGTH, stretches

SEED = "5a" * 32
ROWS = 1 << 17  # in a batch


class FromParquet(Benchmark):
    """The scan alone is what nobody can go below."""

    id = "P2"
    work = "the same from Parquet, streamed"
    peer_name = "the scan by pyarrow alone"
    goal, limit = 1.5, "1"
    sizes = {"toy": 5_000, "full": 20 * MILLION}  # noqa: RUF012

    @contextmanager
    def shared(self, size, folder):
        file = folder / "candidates.parquet"
        schema = pa.schema([("id", pa.string()), ("weight", pa.uint16())])
        with pq.ParquetWriter(file, schema) as writer:
            for codes, weights in stretches(size):
                offsets = np.arange(len(codes) + 1, dtype=np.int32) * LENGTH
                buffers = pa.py_buffer(offsets), pa.py_buffer(codes)
                ids = pa.StringArray.from_buffers(len(codes), *buffers)
                writer.write_batch(pa.record_batch([ids, pa.array(weights)], schema))
        yield str(file)

    def make(self, size, shared):
        self.file, self.count = shared, size // 20
        many.is_fast(size)

    def ours(self):
        batches = map(as_batch, self._scan())
        (drawn,) = draw(batches, [self.count], SEED, "sm3")
        assert len(drawn) == self.count

    def peer(self):
        assert sum(batch.num_rows for batch in self._scan()) >= self.count

    def _scan(self):
        file = pq.ParquetFile(self.file, pre_buffer=False)  # which would read it whole beforehand
        return file.iter_batches(batch_size=ROWS, columns=["id", "weight"])


def as_batch(rows: pa.RecordBatch) -> Batch:
    """Arrow's own buffers: nothing of the ids is copied."""
    ids, weights = rows.columns
    _, spans, text = ids.buffers()
    offsets = np.frombuffer(spans, np.int32)[ids.offset : ids.offset + len(ids) + 1]
    data = np.frombuffer(text, np.uint8)
    return Batch(data, offsets[:-1], offsets[1:], None, weights.to_numpy(zero_copy_only=True))


BENCHMARK = FromParquet()
