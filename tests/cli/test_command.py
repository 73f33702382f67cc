"""The `choucha` command as people run it: a process of its own on a real register.

Whatever a person can get wrong ends with exit code 1, a Chinese sentence that says what to do
next, no traceback, and nothing written.
"""

import re
import resource
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import yaml

from blocks import settings
from blocks.draw.verifier import NAMES
from blocks.local.processes import free_port
from tests.cli.conftest import real, refusal
from tests.conftest import SAMPLE, SHARED
from tests.people import contents

JIEYANG = SHARED / "targets" / "jieyang.csv"


@pytest.fixture
def rows(city: str) -> Callable[[], dict[str, int]]:
    """Return a function that counts the rows of every table."""

    def count() -> dict[str, int]:
        with psycopg.connect(city) as connection:
            tables = [name for name, in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
            return {t: connection.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0]
                    for t in tables}

    return count


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the sample scheme with some contents changed."""

    def write(**changes: object) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        path.write_text(yaml.safe_dump(contents(**changes), allow_unicode=True), "utf-8")
        return path

    return write


def test_help_comes_at_once_and_is_chinese():
    """Three seconds of the processor: what else the machine does is not its fault."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = real("--help", CHOUCHA_DATABASE_URL="", COLUMNS="100")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = done.out
    assert (done.code, done.err) == (0, "")
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3
    for word in ("先运行 choucha up", "导入名录", "抽查工作方案：起草、提交、批准、退回", "检查记录"):
        assert word in said


def test_a_scheme_from_file_to_submission(shell, city, file):
    assert "还没有方案。用 choucha scheme new" in shell.says("status")
    said = shell.says("scheme", "new", SAMPLE / "scheme.yaml", "--as", "gaj.jingban")
    code = re.search(r"choucha scheme submit (\d{4}-\d{3}) --as gaj.jingban", said)[1]
    assert "已起草" in said
    edited = file(title="旅馆业[/b]联合抽查[bold]（修改）")
    assert "已修改" in shell.says("scheme", "edit", code, edited, "--as", "gaj.jingban")
    assert "已提交审批（待抽库" in shell.says("scheme", "submit", code, "--as", "gaj.jingban")
    everything, one, story = (shell.says("status"), shell.says("status", code),
                              shell.says("timeline", code))
    assert "旅馆业[/b]联合抽查[bold]（修改）" in everything, "brackets are shown as written"
    assert "待审批" in everything and "公安审批人批准或退回" in everything
    assert "✓草拟 — ●审批 — ○抽取" in one and "期限" in one
    assert [what for what in ("起草", "修改", "提交审批") if f"抽查工作方案：{what}" in story] == [
        "起草", "修改", "提交审批"]
    assert "逐条校验相符" in shell.says("check-trail")
    assert "尚不能批准" in shell.refused("scheme", "approve", code, "--as", "gaj.shenpi")
    assert "已退回修改" in shell.says("scheme", "return", code, "--as", "gaj.shenpi",
                                "--reason", "请补充依据")


def test_rosters_are_taken_from_the_sample_files(shell, register):
    said = [shell.says("import", kind, SAMPLE / f"{kind}.csv") for kind in ("departments", "items",
                                                                     "inspectors", "accounts")]
    assert [re.search(r"导入(\d+)行，退回(\d+)行", s).groups() for s in said] == [
        ("8", "0"), ("12", "0"), ("60", "0"), ("79", "0")]
    assert "请写明由谁导入" in shell.refused("import", "targets", SAMPLE / "targets.csv")
    assert "导入400行" in shell.says("import", "targets", SAMPLE / "targets.csv", "--as", "bangong")
    assert "没有改动" in shell.says("import", "targets", SAMPLE / "targets.csv", "--as", "bangong")


def test_what_is_wrong_with_a_scheme_is_said_and_nothing_is_written(shell, rows, file, tmp_path):
    before = rows()
    broken = tmp_path / "broken.yaml"
    broken.write_text("title: [没有收尾\n  lead: gaj", "utf-8")
    latin = tmp_path / "gbk.yaml"
    latin.write_bytes("title: 旅馆业".encode("gb18030"))
    by = ("--as", "gaj.jingban")
    day = settings.today()
    expected = {
        ("new", tmp_path / "nowhere.yaml"): ["找不到文件", "请核对路径"],
        ("new", tmp_path): ["找不到文件"],
        ("new", broken): ["不是能读的 YAML 文件", "config/sample/scheme.yaml"],
        ("new", latin): ["不是能读的 YAML 文件", "存为 UTF-8"],
        ("new", file(lead_items=["LG-99"])): ["「LG-99」不在联合抽查事项清单内", "细则第13条", "LG-01"],
        ("new", file(participants=[])): ["两个以上部门", "细则第2条"],
        ("new", file(scope={})): ["没有写明抽查对象范围", "细则第8条"],
        ("new", file(grounds="", mode="")): ["方案缺少：grounds、mode"],
        ("new", file(window={"start": day.isoformat(), "end": "2026-01-05"})): ["早于开始"],
        ("new", file(participants=["nobody"])): ["没有代码为「nobody」的部门", "现有部门代码"],
        ("submit", "2026-999"): ["2026-999"],
        ("approve", "[/x]"): ["[/x]"],
    }
    for words, wanted in expected.items():
        said = shell.refused("scheme", *words, *by)
        assert [w for w in wanted if w not in said] == [], (words, said)
    assert "没有账号「nobody」" in shell.refused("scheme", "new", file(), "--as", "nobody")
    assert rows() == before


def test_a_scope_that_holds_nobody_is_refused_at_submission(shell, city, file):
    said = shell.says("scheme", "new", file(scope={"kinds": ["旅馆"], "counties": ["445200"]}), "--as", "gaj.jingban")
    code = re.search(r"\d{4}-\d{3}", said)[0]
    assert "没有可抽取的企业" in shell.refused("scheme", "submit", code, "--as", "gaj.jingban")
    assert "草拟" in shell.says("status")


def test_nobody_approves_a_scheme_of_their_own(shell, city, carry_on, tmp_path):
    """Also not a person who holds both roles."""
    both = tmp_path / "accounts.csv"
    both.write_text("登录名,姓名,部门代码,角色\ngaj.both,样例·双岗,gaj,经办、审批\n", "utf-8")
    assert "导入1行" in shell.says("import", "accounts", both, "--as", "bangong")
    code = re.search(r"\d{4}-\d{3}", shell.says("scheme", "new", SAMPLE / "scheme.yaml",
                                          "--as", "gaj.both"))[0]
    shell.says("scheme", "submit", code, "--as", "gaj.both")
    carry_on()
    own = shell.refused("scheme", "approve", code, "--as", "gaj.both")
    assert "不能自己办自己审（细则第4条）" in own
    role = shell.refused("scheme", "approve", code, "--as", "gaj.jingban")
    assert "只能由审批人办理" in role
    assert "待审批" in shell.says("status")
    assert "已批准" in shell.says("scheme", "approve", code, "--as", "gaj.shenpi")


def test_a_faulty_roster_is_listed_row_by_row_and_nothing_is_taken(shell, rows, tmp_path):
    heading = "统一社会信用代码,名称,监管部门代码\n"
    good = (SAMPLE / "targets.csv").read_text("utf-8-sig").splitlines()[1].split(",")[0]
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    texts = {
        "check": heading + f"{wrong},样例·甲[/b],gaj\n", "twice": heading + f"{good},样例·甲,gaj\n" * 2,
        "column": "名称,监管部门代码\n样例·甲,gaj\n", "empty": "",
        "unknown": heading + f"{good},样例·甲,nobody\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    before = rows()
    expected = {
        "check": ["校验", wrong], "twice": ["第2行", "第3行", "重复"],
        "column": ["缺少必填列“统一社会信用代码”"], "empty": ["0 字节"],
        "unknown": ["系统里没有“nobody”"], "nowhere": ["文件不存在"],
    }
    for name, wanted in expected.items():
        said = shell.refused("import", "targets", tmp_path / f"{name}.csv", "--as", "bangong")
        assert [w for w in wanted if w not in said] == [], (name, said)
    assert "没有「people」这种名录" in shell.refused("import", "people", tmp_path / "check.csv",
                                               "--as", "bangong")
    assert "由联席会议办公室导入" in shell.refused("import", "departments", SAMPLE / "departments.csv",
                                             "--as", "gaj.jingban")
    assert rows() == before


def test_a_roster_in_gb18030_is_read_with_its_rare_characters(shell, city, tmp_path):
    roster = tmp_path / "名单.csv"
    roster.write_bytes("部门代码,部门名称,部门简称\nxxj,样例·㛃䶮𬭩局,㛃䶮\n".encode("gb18030"))
    assert "导入1行" in shell.says("import", "departments", roster, "--as", "bangong")
    with psycopg.connect(city) as connection:
        assert connection.execute("SELECT name FROM departments WHERE code = 'xxj'").fetchone() == (
            "样例·㛃䶮𬭩局",)


@pytest.mark.skipif(not JIEYANG.exists(), reason="../shared/data/targets/jieyang.csv is not here")
def test_every_real_company_of_the_city_is_taken_or_returned(shell, city):
    said = shell.says("import", "targets", JIEYANG, "--department", "gaj", "--accept-valid",
                "--as", "bangong")
    rows_in, taken, returned = map(int, re.search(
        r"共(\d+)行，导入(\d+)行，退回(\d+)行", said).groups())
    assert rows_in == 1263 == taken + returned
    with psycopg.connect(city) as connection:
        listed = connection.execute(
            "SELECT count(*) FROM target_listings l JOIN departments d ON d.id = l.department_id "
            "JOIN targets t ON t.id = l.target_id "
            "WHERE d.code = 'gaj' AND t.name NOT LIKE '样例%'").fetchone()[0]
    assert listed == taken > 1200


def test_without_a_system_every_command_says_how_to_start_it(shell, tmp_path):
    nothing = {"CHOUCHA_DATABASE_URL": "", "CHOUCHA_STATE": str(tmp_path / "state")}
    wrong_port = {"CHOUCHA_STATE": str(tmp_path / "state"),
                  "CHOUCHA_DATABASE_URL": f"postgresql://choucha:x@127.0.0.1:{free_port()}/choucha"}
    commands = (("status",), ("timeline", "2026-001"), ("check-trail",),
                ("import", "departments", SAMPLE / "departments.csv"),
                ("scheme", "new", SAMPLE / "scheme.yaml", "--as", "gaj.jingban"))
    for words in commands:
        said = shell.refused(*words, **nothing)
        assert "系统没有运行" in said and "choucha up" in said
        said = shell.refused(*words, **wrong_port)
        assert "没有应答" in said and "choucha up" in said
    assert refusal(real("status", **nothing)) == shell.refused("status", **nothing)
    assert list((tmp_path / "state").iterdir()) == []


def test_the_demo_never_empties_a_state_directory_with_real_data(shell, tmp_path):
    state = tmp_path / "office"
    (state / "postgres").mkdir(parents=True)
    (state / "postgres" / "PG_VERSION").write_text("18")
    said = shell.refused("demo", CHOUCHA_STATE=str(state), CHOUCHA_DATABASE_URL="")
    assert "演示不会覆盖它" in said and "另设 CHOUCHA_STATE" in said
    assert [str(p.relative_to(state)) for p in sorted(state.rglob("*"))] == [
        "postgres", "postgres/PG_VERSION"]
    missing = shell.refused("demo", CHOUCHA_STATE=str(tmp_path / "new"), TARGETS=str(tmp_path / "no.csv"))
    assert "找不到检查对象名录" in missing
    assert not (tmp_path / "new").exists()


def test_the_files_of_no_draw_are_no_draw(shell, tmp_path):
    done = shell.run("verify", tmp_path)
    assert "抽取文件核对不符" in refusal(done)
    assert done.out.count("✗") >= len(NAMES) - 2
