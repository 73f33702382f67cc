"""What comes out: every field in every form, rare names printed, the same bytes, tables of any length."""

import io
import zipfile
from dataclasses import replace

import pypdfium2
import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from blocks import documents
from blocks.documents import DOCUMENTS, of_results, of_visits
from blocks.documents.declaring import cleaned, number
from blocks.documents.description import Block
from blocks.documents.pdf import pdf
from blocks.documents.word import template_of
from blocks.errors import DocumentError
from tests.documents.conftest import Printed, squeezed, word_text
from tests.documents.samples import RARE, SAMPLES, sample, texts

NAMES = (RARE, "#let x = 1", "$x^2$", "<script>alert(1)</script>", "{{ 7*7 }}", "a | b", "*粗* _斜_ `码`", "@sign 甲")


def printed(name: str, paper=None) -> Printed:
    return Printed(documents.written(DOCUMENTS[name], cleaned(paper or SAMPLES[name]), "pdf"))


def wanted(name: str) -> list[str]:
    return [squeezed(text) for text in texts(SAMPLES[name]) if not text.startswith("https://")]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_text_of_a_pdf_contains_every_field(name):
    made = printed(name)
    made.keep(f"every-field-{name}", most=1)
    said = made.text + squeezed("".join(made.bookmarks))
    assert [text for text in wanted(name) if text not in said] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_word_file_and_the_page_contain_every_field_too(name):
    word = word_text(documents.written(DOCUMENTS[name], SAMPLES[name], "docx"))
    page = squeezed(documents.written(DOCUMENTS[name], SAMPLES[name], "html").decode())
    for text in wanted(name):
        assert text in word and text in page, text


@pytest.mark.parametrize("form", documents.FORMS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_same_input_gives_the_same_bytes(name, form):
    first = documents.written(DOCUMENTS[name], SAMPLES[name], form)
    template_of.cache_clear()
    assert documents.written(DOCUMENTS[name], SAMPLES[name], form) == first


def test_no_time_of_making_stands_in_a_file():
    pdf = pypdfium2.PdfDocument(documents.written(DOCUMENTS["letter"], SAMPLES["letter"], "pdf"))
    assert pdf.get_metadata_dict()["CreationDate"] == "" == pdf.get_metadata_dict()["ModDate"]
    word = documents.written(DOCUMENTS["letter"], SAMPLES["letter"], "docx")
    with zipfile.ZipFile(io.BytesIO(word)) as file:
        assert {one.date_time for one in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_prints_as_it_is_in_every_form(name):
    paper = replace(SAMPLES["order"], business=f"甲{name}乙", instructions=f"甲{name}乙")
    name = f"甲{name}乙"
    made = {form: documents.written(DOCUMENTS["order"], paper, form) for form in documents.FORMS}
    assert Printed(made["pdf"]).text.count(squeezed(name)) == 2
    assert word_text(made["docx"]).count(squeezed(name)) == 2
    assert b"<script>" not in made["html"]


def test_no_glyph_is_missing_in_a_rare_name():
    """Every character has a shape of its own: none is the empty box that stands for a missing one."""
    shapes = {character: shape(character) for character in "镕堃喆㛃䶮𬭩"}
    assert len(set(shapes.values())) == len(shapes)
    with pytest.raises(DocumentError):
        shape("\U000f0000")


def shape(character: str) -> bytes:
    """Return the picture of a page with one character on it."""
    made = pypdfium2.PdfDocument(pdf("字", [Block("title", character)]))
    return made[0].render(scale=2).to_pil().tobytes()


def test_characters_that_no_paper_can_show_are_left_out():
    paper = replace(SAMPLES["letter"], request="甲\x00乙\x0b丙\ud800丁\x02戊\n己")
    made = documents.written(DOCUMENTS["letter"], cleaned(paper), "pdf")
    assert "甲乙丙丁戊己" in Printed(made).text
    assert "甲乙丙丁戊" in word_text(documents.written(DOCUMENTS["letter"], cleaned(paper), "docx"))


def test_a_character_that_no_face_has_is_named_and_word_still_prints_it():
    paper = replace(SAMPLES["letter"], request="样例·\U0002d7b5旅馆")
    with pytest.raises(DocumentError, match="U\\+2D7B5") as caught:
        documents.written(DOCUMENTS["letter"], paper, "pdf")
    assert "Word" in caught.value.remedy
    assert "\U0002d7b5" in word_text(documents.written(DOCUMENTS["letter"], paper, "docx"))


@settings(max_examples=150, deadline=None)
@given(written=st.text(max_size=60))
def test_whatever_is_written_is_printed_or_named(written):
    paper = cleaned(replace(SAMPLES["letter"], request=written, department=written))
    for form in documents.FORMS:
        try:
            assert documents.written(DOCUMENTS["letter"], paper, form)
        except DocumentError as error:
            assert form == "pdf" and "U+" in error.message


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_whose_tables_are_empty_says_so(name):
    paper = sample(DOCUMENTS[name].kind, rows=0)
    for form in documents.FORMS:
        assert documents.written(DOCUMENTS[name], paper, form)
    if name == "publicity":
        assert "还没有公示的结果" in printed(name, paper).text


def test_a_table_of_five_hundred_rows_repeats_its_head_on_every_page():
    rows = [of_results.Published(n, f"样例·第{n}号旅馆", f"9144520{n:011d}", "市公安局", "治安检查", "未发现问题",
                                 "2026-11-28", 1) for n in range(1, 501)]
    made = printed("publicity", replace(SAMPLES["publicity"], results=rows))
    made.keep("five-hundred-rows")
    heads = [squeezed(page.get_textpage().get_text_bounded()).count("检查对象（统一社会信用代码）")
             for page in made.file]
    assert len(heads) > 15 and heads[:-1] == [1] * (len(heads) - 1)
    assert all(one.business in made.text for one in rows)
    word = documents.written(DOCUMENTS["publicity"], replace(SAMPLES["publicity"], results=rows), "docx")
    (table,) = Document(io.BytesIO(word)).tables
    assert len(table.rows) == 501


def test_a_thousand_record_sheets_are_one_file_with_a_bookmark_each():
    model = SAMPLES["sheets"].sheets[0]
    sheets = [replace(model, bookmark=f"样例·第{n}号旅馆 公安", business=f"样例·第{n}号旅馆", parts=model.parts[:1])
              for n in range(1, 1001)]
    made = printed("sheets", of_visits.Sheets("检查表", sheets))
    assert made.bookmarks == [one.bookmark for one in sheets]
    assert len(made.file) == 1000
    last = squeezed(made.file[999].get_textpage().get_text_bounded())
    assert "样例·第1000号旅馆" in last and "—1—" in last


def test_the_page_is_that_of_the_standard():
    """GB/T 9704-2012: A4, 22 lines of 28 characters a page, the number outside."""
    line = "国" * 28
    paper = replace(SAMPLES["letter"], request="\n".join([line[:26]] + ["国" * 26] * 60))
    made = printed("letter", paper)
    assert [round(points * 25.4 / 72) for points in made.file[0].get_size()] == [210, 297]
    second = made.file[1].get_textpage()
    lines = [one for one in second.get_text_bounded().split("\r\n") if set(one) == {"国"}]
    assert len(lines) == 22
    long = printed("letter", replace(SAMPLES["letter"], request="国" * 200))
    assert line in [one for one in long.file[0].get_textpage().get_text_bounded().split("\r\n")]


def test_word_names_the_faces_of_the_standard_and_what_stands_in_for_them():
    word = documents.written(DOCUMENTS["joint-notice"], SAMPLES["joint-notice"], "docx")
    with zipfile.ZipFile(io.BytesIO(word)) as file:
        body, fonts = file.read("word/document.xml").decode(), file.read("word/fontTable.xml").decode()
    for face, other in (("仿宋_GB2312", "仿宋"), ("方正小标宋简体", "宋体"), ("黑体", "SimHei")):
        assert face in body and f'w:name="{face}"><w:altName w:val="{other}"/>' in fonts


@pytest.mark.parametrize(("code", "parts", "shown"), [
    ("2026-001", (), "联抽督〔2026〕1号"), ("2026-012", (3,), "联抽督〔2026〕12-3号")])
def test_numbers_are_written_as_the_standard_wants_them(code, parts, shown):
    assert number("letter", code, *parts) == shown
