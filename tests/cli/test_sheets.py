"""`choucha export` and `choucha template` as people run them."""

import pytest

from blocks.rosters import kinds


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_table_is_exported_and_imported_again(ending, shell, city, tmp_path):
    out = tmp_path / f"企业.{ending}"
    said = shell.says("export", "items", "--as", "bangong", "--out", out)
    assert f"✓ 已导出抽查事项清单12行：{out}" in said
    assert "导入12行，退回0行" in shell.says("import", "items", out, "--as", "bangong")
    assert "不含法定代表人" in shell.says("export", "targets", "--as", "jiandu", "--out", out)


def test_a_table_is_refused_in_plain_words(shell, city, tmp_path):
    out = tmp_path / "a.xlsx"
    said = shell.refused("export", "ties", "--as", "jiandu", "--out", out)
    assert "不能导出回避线索登记表" in said and "不提供给其他人" in said
    said = shell.refused("export", "trail", "--as", "gaj.jingban", "--out", out)
    assert "请由联席会议办公室或监督人员导出" in said
    assert "没有「horses」" in shell.refused("export", "horses", "--as", "bangong", "--out", out)
    assert ".xlsx 或 .csv" in shell.refused("export", "items", "--as", "bangong", "--out",
                                           tmp_path / "a.docx")
    assert list(tmp_path.iterdir()) == [tmp_path / "state"] or list(tmp_path.iterdir()) == []


def test_the_forms_need_no_running_system(shell, tmp_path):
    nothing = {"CHOUCHA_DATABASE_URL": "", "CHOUCHA_STATE": str(tmp_path / "state")}
    for kind in kinds().values():
        out = tmp_path / f"{kind.label}.xlsx"
        said = shell.says("template", kind.name, "--out", out, **nothing)
        assert f"已写好{kind.label}的模板" in said and f"choucha import {kind.name}" in said
        assert out.stat().st_size > 5000
    assert "没有「trail」这种名录" in shell.refused("template", "trail", "--out", tmp_path / "a.xlsx")


def test_a_form_of_a_city_offers_its_departments_and_is_imported_empty(shell, city, tmp_path):
    out = tmp_path / "检查人员.xlsx"
    shell.says("template", "inspectors", "--out", out)
    assert "共0行，导入0行" in shell.says("import", "inspectors", out, "--as", "bangong")
