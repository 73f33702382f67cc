"""P6x: a million businesses imported from a workbook, beside pandas reading it (same engine) alone."""

import random
from contextlib import contextmanager
from pathlib import Path

import xlsxwriter

from tests.bench.benchmark import MILLION
from tests.bench.p6 import HEADINGS, FromCsv, a_city, business


class FromWorkbook(FromCsv):
    """Ours: the whole import. The peer only reads: `pandas.read_excel(engine="calamine")`."""

    id = "P6x"
    work = "import of 1 million targets from .xlsx"
    peer_name = "pandas.read_excel (calamine), reading alone"
    goal, limit = 1.0, "1 ×"
    sizes = {"toy": 500, "full": MILLION}  # noqa: RUF012

    @contextmanager
    def shared(self, size, folder):
        def fill(place: Path) -> None:
            dice = random.Random(6)
            with xlsxwriter.Workbook(place / "roster.xlsx", {"constant_memory": True}) as book:
                sheet = book.add_worksheet("企业")
                sheet.write_row(0, 0, HEADINGS)
                for number in range(size):
                    sheet.write_row(number + 1, 0, business(number, dice))
        with a_city(folder, fill) as shared:
            yield shared

    def make(self, size, shared):
        super().make(size, shared)
        self.file = self.folder / "roster.xlsx"

    def peer(self):
        import pandas

        assert len(pandas.read_excel(self.file, engine="calamine", dtype=str)) == self.size


BENCHMARK = FromWorkbook()
