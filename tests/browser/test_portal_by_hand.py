"""The portal by keyboard alone, on paper, with a wrong clock, a file of 1 GB, a session that ended."""

from datetime import timedelta

from blocks import settings
from blocks.actions import accounts
from blocks.register.attachments import of_check
from blocks.register.database import transaction
from blocks.register.draws import DrawSource
from blocks.register.visits import CheckRecord
from tests.browser.portal import user  # noqa: F401  (a fixture)
from tests.browser.test_portal import PHOTO, records
from tests.portal.conftest import PASSWORD, server  # noqa: F401  (a fixture)
from tests.scenes import first_check


def at(page) -> str:
    """Return what has the focus: the words of it, or the name of the field."""
    return page.evaluate("() => { const one = document.activeElement; return one.name || one.textContent.trim(); }")


def tab_to(page, what: str) -> None:
    for _ in range(80):
        if at(page) == what:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} cannot be reached by Tab; at {at(page)}")


def test_by_keyboard_alone_a_record_is_handed_in(open_scene, user):  # noqa: F811
    check, team = first_check(open_scene("in_field"))
    leader = user(team[0]).goes(f"/checks/{check}")
    page = leader.page
    page.keyboard.press("Tab")
    assert at(page) == "跳到正文" and page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    radios = page.locator(".questions [type=radio]").evaluate_all("all => all.map(one => one.name)")
    for name in dict.fromkeys(radios):
        tab_to(page, name)
        page.keyboard.press("Space")
        assert page.evaluate("getComputedStyle(document.activeElement.nextElementSibling).outlineStyle") == "solid"
    tab_to(page, "category")
    page.keyboard.press("ArrowDown")
    tab_to(page, "提交记录")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    leader.sees("记录已填报")


def test_on_paper_there_is_what_was_recorded_and_nothing_to_press(open_scene, user):  # noqa: F811
    check, _ = first_check(open_scene("publicised"))
    reader = user("gaj.shenpi").goes(f"/checks/{check}")
    reader.page.emulate_media(media="print")
    for gone in ("header nav", "form", "button", ".bar", ".skip", "summary:has-text('更正')"):
        assert [one for one in reader.page.locator(gone).all() if one.is_visible()] == [], gone
    assert reader.page.locator("h1, .panel, .home").evaluate_all("all => all.every(one => one.offsetHeight > 0)")
    reader.looks("on-paper")


def test_a_countdown_does_not_ask_the_phones_clock(open_scene, user):  # noqa: F811
    code = open_scene("sealed")
    with transaction() as session:
        (figure,) = session.query(DrawSource).where(DrawSource.kind == "typed")
        figure.due_at = settings.now() + timedelta(minutes=10)
    drafter = user("gaj.jingban", phone=True)
    drafter.page.clock.set_fixed_time("2031-01-01T00:00:00")
    drafter.goes(f"/schemes/{code}/draw")
    drafter.page.wait_for_selector("text=/还有 9 分 \\d+ 秒/")
    drafter.looks("countdown")


def test_a_file_of_1_gb_is_not_even_sent_and_the_rest_stays(open_scene, user, tmp_path):  # noqa: F811
    check, team = first_check(open_scene("in_field"))
    leader = user(team[0], phone=True).goes(f"/checks/{check}")
    large = tmp_path / "录像.jpg"
    with large.open("wb") as file:
        file.truncate(1024**3)
    leader.fills(finding="消防通道堵塞")
    leader.page.set_input_files("[name=photos]", str(large))
    leader.page.wait_for_selector("text=「录像.jpg」有 1024 MB，超过 20 MB，没有选上")
    assert leader.page.locator("[name=photos]").evaluate("one => one.files.length") == 0
    assert leader.page.input_value("[name=finding]") == "消防通道堵塞"
    leader.looks("too-large")


def test_a_session_that_ended_while_recording_loses_neither_words_nor_photo(open_scene, user):  # noqa: F811
    check, team = first_check(open_scene("in_field"))
    leader = user(team[0], phone=True).goes(f"/checks/{check}")
    records(leader, photo=True)
    leader.fills(finding="门窗完好")
    accounts.sign_out_everywhere(team[0])
    leader.clicks("提交记录").sees("您填写的内容还在")
    leader.fills(login=team[0], password=PASSWORD).clicks("登录").sees("已重新登录")
    assert leader.page.input_value("[name=finding]") == "门窗完好"
    leader.page.wait_for_function("document.querySelector('[name=photos]').files.length === 1")
    leader.clicks("提交记录").sees("记录已填报")
    with transaction() as session:
        (photo,) = of_check(session, check)
        assert session.query(CheckRecord).where(CheckRecord.check_id == check).count() == 1
    assert photo.size < len(PHOTO["buffer"])
