"""P10: a thousand record sheets as one PDF with bookmarks, beside WeasyPrint printing the same sheets."""

from io import BytesIO

from blocks import documents, settings
from blocks.documents import faces
from blocks.documents.of_visits import Part, Row, Sheet, Sheets
from tests.bench.benchmark import Benchmark

ITEMS = (("旅馆业治安管理情况检查", "《旅馆业治安管理办法》第六条、第十四条"),
         ("旅馆消防安全检查", "《中华人民共和国消防法》第五十三条"),
         ("旅馆公共场所卫生检查", "《公共场所卫生管理条例实施细则》第三条"))
PRINT = """
@font-face {{ font-family: "Noto Serif SC"; src: url("{regular}"); }}
@font-face {{ font-family: "Noto Serif SC"; font-weight: bold; src: url("{bold}"); }}
@page {{ size: A4; margin: 37mm 26mm 35mm 28mm; @bottom-right {{ content: "— " counter(page) " —"; }} }}
body {{ margin: 0; max-width: none; font: 12pt/1.5 "Noto Serif SC"; }}
.page {{ break-before: page; bookmark-level: 1; bookmark-label: content(); }}
h1 {{ bookmark-level: none; }}
"""


def sheets(count: int, again: int) -> Sheets:
    """Return as many sheets of invented businesses; others at each call, or what was set before would serve."""
    results = "　".join(f"□{one.label}" for one in settings.results().categories.values())
    return Sheets("检查表", [Sheet(
        "部门联合“双随机、一公开”检查表", f"样例·第{again}-{n}号旅馆 公安", "2026-001 样例·旅馆业部门联合抽查",
        f"样例·第{again}-{n}号旅馆", f"9144520{again:03d}{n:08d}", f"揭阳市榕城区样例路{n}号", "旅馆",
        "2026年12月1日上午",
        [Part("市公安局", f"样例·陈{n}（YL{n:08d}）\n样例·李{n}（YL{n + 1:08d}）",
              [Row(at, *item, "", "", "", "") for at, item in enumerate(ITEMS, 1)], results, "\n\n\n")],
    ) for n in range(1, count + 1)])


class RecordSheets(Benchmark):
    """Both from the fields on, with the same faces: ours by typst, the peer by the page that Jinja2 writes."""

    id = "P10"
    work = "1,000 record sheets as one PDF"
    peer_name = "WeasyPrint"
    clock = "cpu"  # typst sets pages on all cores, the peer on one
    goal, limit = 0.05, "0.05"
    sizes = {"toy": 3, "city": 100, "full": 1_000}  # noqa: RUF012

    def peer_missing(self):
        try:
            import weasyprint  # noqa: F401
        except (ImportError, OSError) as error:  # it loads Pango when it is imported
            return f"cannot run here: {str(error).splitlines()[0][:80]}"
        return ""

    def make(self, size, shared):
        self.size, self.again = size, 0
        self.document = documents.DOCUMENTS["sheets"]

    def ours(self):
        self.again += 1
        made = documents.written(self.document, sheets(self.size, self.again), "pdf")
        assert made.startswith(b"%PDF")

    def peer(self):
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration

        self.again += 1
        html = documents.written(self.document, sheets(self.size, self.again), "html").decode()
        files = {name: (faces.OURS / folder / f"NotoSerifSC_{folder}.ttf").as_uri()
                 for name, folder in (("regular", "400Regular"), ("bold", "700Bold"))}
        fonts, out = FontConfiguration(), BytesIO()
        weasyprint.HTML(string=html).write_pdf(
            out, font_config=fonts, stylesheets=[weasyprint.CSS(string=PRINT.format(**files), font_config=fonts)])
        assert out.getvalue().startswith(b"%PDF")


BENCHMARK = RecordSheets()
