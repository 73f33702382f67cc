"""Descriptions and Word templates: what is wrong in one is named with its line before anything is written."""

from io import BytesIO

import pytest
from docx import Document

from blocks import documents
from blocks.actions import papers
from blocks.documents.description import filled, mark, parse
from blocks.documents.loading import environment
from blocks.errors import DocumentError
from tests.documents.conftest import Printed, word_text
from tests.documents.samples import SAMPLES

LETTER = "# 督办函\n@to {{ department }}：\n{{ request }}\n"


def wrong(folder, text: str, saying: str, line: int, name: str = "letter") -> None:
    """The office's own description is refused with its line, in Chinese."""
    (folder / f"{name}.txt.j2").write_text(text, "utf-8")
    with pytest.raises(DocumentError) as caught:
        documents.written(documents.DOCUMENTS[name], SAMPLES[name], "pdf")
    assert f"{name}.txt.j2" in caught.value.message and f"第{line}行" in caught.value.message
    assert saying in caught.value.message and caught.value.remedy


@pytest.mark.parametrize(("line", "saying"), [
    ("{{ nobody }}", "没有「nobody」这个字段，可用：file、number、office"),
    ("{% for one in matters %}", "没有配对"),
    ("{{ request | loudly }}", "写法不对"),
    ("{{ request", "写法不对"),
    ("{% nothing %}", "写法不对"),
    ("@shout {{ request }}", "没有「@shout」，可用：@head"),
    ("| a | b |", "@table 与 @end 之间"),
    ("@table", "应写各列的宽度"),
    ("@table 3 x\n@end", "应写各列的宽度"),
    ("@table 3 3", "没有以 @end 结束"),
])
def test_a_faulty_line_is_named(line, saying, own_folder):
    wrong(own_folder, LETTER + line, saying, 4)


@pytest.mark.parametrize(("row", "saying"), [("| a | b |", "有2格，表格是3列"), ("a | b | c", "以 | 开头")])
def test_a_faulty_row_is_named(row, saying, own_folder):
    wrong(own_folder, f"{LETTER}@table 3 3 3\n| 一 | 二 | 三 |\n{row}\n@end", saying, 6)


def test_a_wrong_field_is_found_on_a_branch_that_is_never_taken_and_inside_a_loop(own_folder):
    wrong(own_folder, LETTER + "{% if answer %}\n{{ answr }}\n{% endif %}", "answr", 5)
    wrong(own_folder, "# 表\n{% for one in results %}\n{{ one.busines }}\n{% endfor %}",
          "没有「busines」这个字段，可用：number、business", 3, "publicity")
    wrong(own_folder, "{% for sheet in sheets %}\n{% set x = sheet.parts %}\n{% for part in x %}\n"
          "{{ part.name }}\n{% endfor %}\n{% endfor %}", "没有「name」", 4, "sheet")


def test_a_file_that_is_no_text_is_refused(own_folder):
    (own_folder / "letter.txt.j2").write_bytes("督办函".encode("gb18030"))
    with pytest.raises(DocumentError, match="UTF-8"):
        documents.written(documents.DOCUMENTS["letter"], SAMPLES["letter"], "pdf")


def test_a_template_cannot_reach_what_is_behind_its_fields(own_folder):
    (own_folder / "letter.txt.j2").write_text("{{ request.__class__.__mro__ }}", "utf-8")
    with pytest.raises(Exception, match=r"unsafe|no element"):
        documents.written(documents.DOCUMENTS["letter"], SAMPLES["letter"], "pdf")


def test_the_offices_own_words_stand_in_every_form(own_folder):
    (own_folder / "letter.txt.j2").write_text(LETTER + "本单位自己的措辞。\n", "utf-8-sig")
    made = {form: documents.written(documents.DOCUMENTS["letter"], SAMPLES["letter"], form)
            for form in documents.FORMS}
    assert "本单位自己的措辞" in Printed(made["pdf"]).text
    assert "本单位自己的措辞" in word_text(made["docx"])
    assert "本单位自己的措辞" in made["html"].decode()


def test_a_changed_file_counts_at_once(own_folder):
    (own_folder / "letter.txt.j2").write_text(LETTER + "先前的措辞", "utf-8")
    documents.written(documents.DOCUMENTS["letter"], SAMPLES["letter"], "html")
    wrong(own_folder, LETTER + "{{ nobody }}", "nobody", 4)


@pytest.mark.parametrize("name", ["# 标题", "@sign 甲", "| a | b |", "{{ 7*7 }}", "{% for %}", "第一行\n@date 今天",
                                  "\x02x\x03", "{# 注 #}", "#let x = 1", "$x$ *b* _i_ `c` \\ @end"])
def test_no_name_becomes_a_directive(name):
    template = environment().from_string("{{ name }}\n@to {{ name }}\n@table 3 3\n| {{ name }} | b |\n@end")
    blocks = filled(template.render(name=name))
    shown = name.replace("\x02", "").replace("\x03", "")
    assert [one.kind for one in blocks] == ["text", "to", "table"]
    assert [blocks[0].text, blocks[1].text, blocks[2].rows] == [shown, shown, ((shown, "b"),)]


def test_nothing_and_numbers_are_data_too():
    assert [one.text for one in filled(f"{mark(None)}x\n{mark(7)}")] == ["x", "7"]


def test_a_filter_within_a_row_is_no_cell():
    (table,) = parse("@table 3 3\n| {{ date | day }} | {% if a | length %}b{% endif %} |\n@end")
    assert table.rows == (("{{ date | day }}", "{% if a | length %}b{% endif %}"),)


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_every_template_of_ours_can_be_taken_and_given_back(name, own_folder):
    for form in ("txt", "docx"):
        file, content = papers.template(name, form)
        (own_folder / file).write_bytes(content)
    first = documents.written(documents.DOCUMENTS[name], SAMPLES[name], "docx")
    for file in own_folder.iterdir():
        file.unlink()
    assert documents.written(documents.DOCUMENTS[name], SAMPLES[name], "docx") == first


def in_word(folder, name: str, old: str, new: str) -> None:
    """Change a Word template as somebody does in Word, and put it into the office's folder."""
    document = Document(BytesIO(papers.template(name)[1]))
    (paragraph,) = (one for one in document.paragraphs if old in one.text)
    paragraph.runs[0].text = paragraph.text.replace(old, new)
    document.save(folder / f"{name}.docx")


def word_of(name: str) -> bytes:
    return documents.written(documents.DOCUMENTS[name], SAMPLES[name], "docx")


def test_what_an_office_changes_in_word_stands_in_its_word_files_alone(own_folder):
    in_word(own_folder, "letter", "请在收到本函后", "务请收到本函后")
    assert "务请收到本函后" in word_text(word_of("letter"))
    assert "务请" not in Printed(documents.written(documents.DOCUMENTS["letter"], SAMPLES["letter"], "pdf")).text


@pytest.mark.parametrize(("new", "saying"), [
    ("{{ nobody }}", "没有「nobody」这个字段"), ("{{ request", "写法不对"), ("{% endfor %}", "写法不对")])
def test_a_fault_in_a_word_template_is_named_with_its_paragraph(new, saying, own_folder):
    in_word(own_folder, "letter", "请在收到本函后", f"{new}请在收到本函后")
    with pytest.raises(DocumentError, match=r"letter\.docx.*第\d+行") as caught:
        word_of("letter")
    assert saying in caught.value.message and "请在收到本函后" in caught.value.message


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no Word file"])
def test_a_template_that_is_no_word_file_is_refused(content, own_folder):
    (own_folder / "letter.docx").write_bytes(content)
    with pytest.raises(DocumentError, match="不是 Word 文件"):
        word_of("letter")
