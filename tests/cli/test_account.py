"""`choucha account` as the office runs it."""

import re

import pytest

from blocks.actions import accounts


def password(said: str) -> str:
    return re.search(r"\b([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})（", said)[1]


def test_the_first_account_is_the_offices_and_makes_the_others(shell, register):
    assert "须是联席会议办公室的" in shell.refused("account", "new", "zhang", "--name", "样例·张",
                                                "--role", "drafter")
    said = shell.says("account", "new", "bangong", "--name", "样例·办公室", "--role", "office")
    assert accounts.sign_in("bangong", password(said))
    said = shell.says("account", "new", "jiandu", "--name", "样例·监督", "--role", "auditor",
                      "--as", "bangong")
    assert "首次登录须改密码" in said and accounts.sign_in("jiandu", password(said))
    assert "由联席会议办公室管理" in shell.refused("account", "password", "bangong", "--as", "jiandu")


@pytest.mark.parametrize(("words", "said"), [
    (("bangong", "--role", "office"), "已经有了"), (("张三", "--role", "office"), "不能用"),
    (("li", "--role", "king"), "没有角色「king」"), (("li", "--role", "system"), "没有角色「system」"),
    (("li", "--role", "inspector", "--certificate", "没有"), "没有执法证号")])
def test_what_cannot_be_an_account_is_refused(shell, city, words, said):
    assert said in shell.refused("account", "new", *words, "--name", "样例", "--as", "bangong")


def test_a_forgotten_password_is_given_anew_and_a_token_replaces_the_one_before(shell, city):
    first = password(shell.says("account", "password", "gaj.jingban", "--as", "bangong"))
    second = password(shell.says("account", "password", "gaj.jingban", "--as", "bangong"))
    assert first != second and accounts.sign_in("gaj.jingban", second)
    with pytest.raises(accounts.RuleViolation):
        accounts.sign_in("gaj.jingban", first)
    assert "此前的失效" in shell.says("account", "token", "gaj.jingban", "--as", "bangong")
