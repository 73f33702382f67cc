"""`choucha document` as people run it."""

from tests.scenes import first_check, visit_of


def test_the_list_checks_every_template_and_needs_no_running_system(shell, tmp_path):
    nothing = {"CHOUCHA_DATABASE_URL": "", "CHOUCHA_STATE": str(tmp_path / "state")}
    said = shell.says("document", "list", **nothing)
    assert "检查通知书" in said and "全部模板都能用" in said
    (tmp_path / "notice.txt.j2").write_text("# 通知\n{{ buisness }}", "utf-8")
    said = shell.refused("document", "list", CHOUCHA_DOCUMENTS=str(tmp_path), **nothing)
    assert "notice.txt.j2" in said and "第2行" in said and "没有「buisness」这个字段" in said


def test_a_document_is_written_beside_the_others_and_refused_in_plain_words(shell, look, tmp_path):
    code = look("in_field")
    check, _ = first_check(code)
    said = shell.says("document", "write", "notice", visit_of(check), "--as", "bangong", "--out", tmp_path)
    assert "已写入" in said and [one.suffix for one in tmp_path.glob("*检查通知书*")] == [".pdf"]
    shell.says("document", "write", "sheet", check, "--as", "bangong", "--form", "docx", "--out", tmp_path)
    shell.says("visit", "notice", visit_of(check), "--as", "bangong", "--out", tmp_path)
    assert sorted(one.suffix for one in tmp_path.iterdir() if one.is_file()) == [".docx", ".html", ".pdf"]
    assert "只给参加这次检查" in shell.refused("document", "write", "notice", visit_of(check), "--as", "jyj.jingban")
    assert "没有「poem」这种公文" in shell.refused("document", "write", "poem", "1", "--as", "bangong")


def test_a_template_is_taken_changed_and_given_back(shell, tmp_path):
    for form in ("txt", "docx"):
        shell.says("document", "template", "letter", "--form", form, "--out", tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["letter.docx", "letter.txt.j2"]
    assert "全部模板都能用" in shell.says("document", "list", CHOUCHA_DOCUMENTS=str(tmp_path))
