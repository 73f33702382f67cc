"""The sheet 填写说明 of a form: every column, whether it must be filled, what may be written.

Headings stand in 「」, so that no line of it is ever taken for the headings of a table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from blocks.rosters.cells import Places
from blocks.rosters.columns import Field, Kind, plain
from blocks.rosters.writing import CITY, HEADING, TEXT, shower

NAME = "填写说明"
COLUMNS = {"列": 24, "是否必填": 10, "填什么": 60, "列名也可写作": 44, "示例": 30}
DATE = "2026-01-02"
REFERRED = {"department_code": "部门名单中的部门代码", "certificate_no": "检查人员名录中的执法证号",
            "item_code": "抽查事项清单中的事项编码", "uscc": "检查对象名录中的统一社会信用代码"}
_BY_TYPE = {
    "text": "文字", "code": "编码，按文本填写，开头的 0 不会丢", "uscc": "18位统一社会信用代码",
    "date": f"日期，如 {DATE}，也可写 2026/1/2、2026年1月2日", "bool": "是 或 否",
    "number": "不小于 0 的整数，不带单位",
}


def explain(book: Workbook, kind: Kind, places: Places, departments: Mapping[str, str],
            prepared: int) -> None:
    """Write the sheet."""
    sheet = book.add_worksheet(NAME)
    sheet.write_string(0, 0, f"《{kind.label}》填写说明", book.add_format({"bold": True,
                                                                    "font_size": 14}))
    line = 1
    for number, note in enumerate(notes(kind, prepared), 1):
        sheet.write_string(line, 0, f"{number}. {note}")
        line += 1
    line = _columns(book, sheet, line + 1, kind, places)
    if departments and any(one.refers == "department_code" for one in kind.fields):
        sheet.write_string(line + 1, 0, "现有部门及其代码：", book.add_format({"bold": True}))
        for below, (code, name) in enumerate(departments.items(), line + 2):
            sheet.write_string(below, 0, code)
            sheet.write_string(below, 2, name)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _columns(book: Workbook, sheet: Worksheet, line: int, kind: Kind, places: Places) -> int:
    """Write a line for each column; return the number of the next free line."""
    heading = book.add_format(HEADING)
    cell = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "num_format": TEXT})
    for place, (name, width) in enumerate(COLUMNS.items()):
        sheet.set_column(place, place, width)
        sheet.write_string(line, place, name, heading)
    for one in kind.fields:
        line += 1
        texts = (f"「{one.heading}」", "必填" if one.required else "选填", what(kind, one, places),
                 "、".join(one.synonyms), example(one, places))
        for place, text in enumerate(texts):
            sheet.write_string(line, place, text, cell)
    return line + 1


def notes(kind: Kind, prepared: int) -> Iterator[str]:
    """Yield what holds for the table as a whole."""
    yield f"在第一张表“{kind.label}”中填写，一行一条。列的次序可以变动，列名不要改。"
    yield (f"列名带 * 的必填。前 {prepared:,} 行已备好下拉列表和格式；再多的行可以接着往下填，同样能够导入。")
    for names in kind.keys:
        headings = "、".join(f"“{kind.field(name).heading}”" for name in names)
        yield f"{headings}{'都' if len(names) > 1 else ''}相同的只能有一行。"
    for first, last in kind.order:
        yield f"“{kind.field(last).heading}”不得早于“{kind.field(first).heading}”。"
    yield f"填好后导入：choucha import {kind.name} 文件 --as 账号。有问题的逐行指出，全部通过才写入。"


def own_blanks(kind: Kind, one: Field) -> list[str]:
    """Return the words that mean "nothing" in this column, and not in every one (长期, 在职)."""
    return sorted(one.blank - frozenset.intersection(*(other.blank for other in kind.fields)))


def what(kind: Kind, one: Field, places: Places) -> str:
    """Return, in Chinese, what may be written in a column, and what an empty cell means."""
    type_ = one.of if one.type == "list" else one.type
    said = [_content(one, type_, places)]
    if one.type == "list":
        said.append("可填多个，用、或逗号、分号分隔")
    if one.derive:
        said.append(f"空着时按信用代码、地址或名称判断，判断不出的算{CITY}")
    elif one.default not in (None, ""):
        said.append(f"空着按“{shower(one, places)(one.default)}”处理")
    elif not one.required:
        words = own_blanks(kind, one)
        said.append("没有的空着" + (f"，或写 {'、'.join(words)}" if words else ""))
    return "；".join(said)


def _content(one: Field, type_: str, places: Places) -> str:
    if one.refers:
        return REFERRED[one.refers]
    if type_ == "choice":
        return "下列之一：" + "；".join(_word(one, code, word)
                                   for code, word in one.official.items())
    if type_ == "county":
        names = "、".join(f"{name}（{code}）" for code, name in places.counties.items())
        return f"区县名称或代码：{names}；市直单位填 {CITY}"
    return _BY_TYPE[type_]


def _word(one: Field, code: str, word: str) -> str:
    """Return a word of a choice with the others that mean the same."""
    others = [form.upper() for form, meant in one.choices.items()
              if meant == code and form not in (plain(word), plain(code))]
    return f"{word}（也可写 {'、'.join(others)}）" if others else word


def example(one: Field, places: Places) -> str:
    """Return something that could stand in the column: that of its description, or of its type."""
    if one.example:
        return one.example
    single: dict[str, Any] = {"date": DATE, "bool": "是", "number": "0",
                              "county": next(iter(places.counties.values()), CITY)}
    if one.type == "list":
        return example(replace(one, type=one.of), places)
    return one.words[0] if one.words else single[one.type]
