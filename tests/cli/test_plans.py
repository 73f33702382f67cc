"""`choucha plan` as the office runs it."""

from blocks.rosters import read_table
from tests.conftest import SAMPLE, SHARED


def test_a_plan_is_taken_in_answered_and_published(shell, city, tmp_path):
    said = shell.says("plan", "import", SAMPLE / "plan.csv", "--year", 2026, "--as", "bangong")
    assert "表头在第1行" in said and "待明确1处" in said and "建议合并：第1项" in said
    assert "共5行，登记5行（5项），退回0行" in said and "choucha plan publish 2026" in said
    said = shell.says("plan", "answer", 2026, 4, "--share", "5%", "--as", "wgltj.jingban")
    assert "由「待定」改为「5%」" in said
    assert "已公布（5项）" in shell.says("plan", "publish", 2026, "--as", "bangong")
    said = shell.says("plan", "show", 2026)
    assert "第1版（已公布）" in said and "04-01至06-30" in said and "10%，且不少于10家" in said
    again = shell.says("plan", "import", SAMPLE / "plan.csv", "--year", 2026, "--as", "bangong",
                       "--dry-run")
    assert "由「5%」改为「待定」" in again and "试登记" in again


def test_a_published_plan_of_another_city_is_returned_row_by_row(shell, city, tmp_path):
    plan, out = SHARED / "plans" / "09_whkfq_2022_joint_plan.txt", tmp_path / "退回.xlsx"
    said = shell.run("plan", "import", plan, "--year", 2022, "--as", "bangong", "--returned", out)
    assert said.code == 1 and "15行中有10行没有看懂，什么都没有改动" in said.err
    rows = [cells for sheet in read_table(out) for _, cells in sheet.rows]
    assert sum("序号；" in cells[-2] or "各格不全" in cells[-2] for cells in rows) == 10
    said = shell.says("plan", "import", plan, "--year", 2022, "--as", "bangong", "--accept-valid",
                      "--returned", out)
    assert "共15行，登记5行（5项），退回10行" in said and "不在系统里" in said


def test_what_is_no_plan_is_refused_in_plain_words(shell, city, tmp_path):
    said = shell.run("plan", "import", SAMPLE / "targets.csv", "--year", 2026, "--as", "bangong")
    assert said.code == 1 and "没有找到计划的表头" in said.err and "choucha template plans" in said.err
    assert "没有写明改什么" in shell.refused("plan", "answer", 2026, 1, "--as", "bangong")
    assert "没有市级2027年度计划" in shell.refused("plan", "show", 2027)


def test_the_form_of_a_plan_can_be_filled_and_taken_in(shell, city, tmp_path):
    form = tmp_path / "计划.xlsx"
    assert "choucha plan import" in shell.says("template", "plans", "--out", form)
    said = shell.run("plan", "import", form, "--year", 2026, "--as", "bangong")
    assert "没有登记" in said.err and "Traceback" not in said.err
