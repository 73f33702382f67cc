"""`choucha check`: everything holds, and whatever was changed past the door is found and named."""

import json

import pytest
from sqlalchemy import text

from blocks.public_site.files import tree
from blocks.register.database import transaction
from blocks.steps import checking, publishing
from tests.scenes import everything

STRUCTURE = {
    "缺少约束 schemes.ck_schemes_four_eyes": "ALTER TABLE schemes DROP CONSTRAINT ck_schemes_four_eyes",
    "缺少索引 seats.uq_seats_half_day": "DROP INDEX uq_seats_half_day",
    "触发器 trail.insert_only与迁移所建不同": "ALTER TABLE trail DISABLE TRIGGER insert_only",
    "外键触发器 checks与迁移所建不同": "ALTER TABLE checks DISABLE TRIGGER ALL",
    "函数 refuse_change与迁移所建不同": "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql "
                                  "AS 'BEGIN RETURN NEW; END'",
    "多出公示角色的权限 accounts": "GRANT SELECT ON accounts TO choucha_publisher",
    "列 trail.actor_id与迁移所建不同": "ALTER TABLE trail ALTER actor_id DROP NOT NULL",
    "多出触发器 dues.own": "CREATE TRIGGER own BEFORE DELETE ON dues FOR EACH ROW EXECUTE FUNCTION refuse_change()",
}
ROWS = {  # by part: what it says, and what was done
    "不变式": ("须由第二个人办理的",
             "UPDATE trail SET actor_id = (SELECT drafter_id FROM schemes) WHERE label = '批准'"),
    "表间引用": ("表 trail 的每一行所指的都在", "DELETE FROM accounts WHERE login = 'gaj.shenpi'"),
    "留痕链": ("留痕第3条与链不符", "UPDATE trail SET reason = '别的' WHERE number = 3"),
    "全市抽取链": ("第 2 行", "UPDATE chain SET line = line || '{\"file\": \"0\"}' WHERE number = 2"),
    "重算抽取": ("seed.txt 不是封存的文件",
             "UPDATE draw_files SET content = content || '\\x20' WHERE name = 'seed.txt'"),
    "公示文件": ("内容与它的摘要不符",
             "UPDATE publications SET content = content || '{\"result\": \"未发现问题。\"}'"),
}


def execute(*statements: str) -> None:
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(text(statement.replace(": ", "\\: ")))


def wrong() -> dict[str, list[str]]:
    return {part.name: part.wrong for part in checking.check() if part.wrong}


@pytest.fixture
def published(open_scene) -> str:
    """A whole inspection with its public site."""
    code = open_scene("publicised")
    publishing.rebuild()
    return code


def test_check_tells_what_it_looked_at_changes_nothing_and_ends_well(shell, published):
    before = everything()
    said = shell.says("check")
    assert "✓ 全部相符" in said
    for name in ("数据库结构", "不变式", "留痕链", "全市抽取链", "重算抽取", "公示文件", "期限"):
        assert name in said
    told = json.loads(shell.says("check", "--json"))
    assert told["holds"] is True
    assert {one["name"]: one["looked_at"] for one in told["parts"]}["公示文件"] == 9
    assert all(one["looked_at"] for one in told["parts"] if one["name"] != "期限")
    assert everything() == before


def test_what_the_migrations_made_and_somebody_took_away_switched_off_or_added_is_found(open_scene):
    open_scene("publicised")
    assert checking.structure.differences()[1] == []
    execute(*STRUCTURE.values())
    looked_at, found = checking.structure.differences()
    assert looked_at > 900
    assert STRUCTURE.keys() <= set(found)


def test_what_was_changed_past_the_door_is_found_by_each_part(published):
    assert wrong() == {}
    execute(*(statement for _, statement in ROWS.values()))
    found = wrong()
    assert {part for part, (said, _) in ROWS.items() if any(said in one for one in found[part])} == set(ROWS), found


def test_a_public_file_that_is_not_what_was_published_is_found_and_told_with_what_to_do_next(shell, published):
    path = next(one for one in tree().files() if one.startswith("results/"))
    tree().change({path: b"{}"})
    said = shell.run("check")
    assert said.code == 1
    assert f"公示网站上的 {path} 不是登记库里公示的文件" in said.out
    assert "核对发现1处不符" in said.err
    assert "保全数据库" in said.err
    told = shell.run("check", "--json")
    assert (told.code, json.loads(told.out)["holds"]) == (1, False)


def test_a_due_date_that_the_calendar_does_not_give_is_found(open_scene):
    open_scene("in_field")
    execute("UPDATE dues SET due_on = due_on + 1 WHERE clock = 'recording'")
    assert all("填报检查记录" in one and "按日历应为" in one for one in wrong()["期限"])


def test_a_work_whose_starts_are_used_up_waits_for_a_person_and_breaks_nothing(open_scene):
    open_scene("approved")
    assert checking.for_a_person() == []
    execute("UPDATE draws SET contributions_due = now() - interval '1 day'",
            "INSERT INTO attempts (key, flow, scheme_id, tries, last_at, last_run) SELECT 'draw:' || id || ':' || "
            "(SELECT max(number) FROM trail), 'draw', id, 5, now(), '' FROM schemes")
    assert ["已启动5次仍未办成" in one for one in checking.for_a_person()] == [True]
    assert wrong() == {}


def test_an_older_register_is_told_and_not_looked_into(register):
    execute("UPDATE alembic_version SET version_num = '0011'")
    part = next(checking.check())
    assert part.wrong == [f"登记库的版本是0011，软件的是{checking.structure.head()}"]
