"""The page of the provincial platform: what was told, where both sides differ, and what to do about it."""

from tests.portal.cases import Ground, _told


def test_the_office_sees_what_was_told_and_settles_a_difference_on_a_button(open_scene, carry_on, person):
    ground = Ground(open_scene("dispatched"), carry_on)
    _told(ground)
    office, difference = person("bangong"), f"/differences/{ground.ids['difference']}"
    said = office.sees("/platform")
    assert "与平台不一致（1处）" in said and "（没有）" in said and "派发任务" in said and "已报送" in said
    office.sends(f"{difference}/accept", office.form("/platform", f"{difference}/accept") | {"reason": "已核"}, 200)
    said = office.sees("/platform")
    assert "与平台不一致" not in said
    receipt = f"/exchanges/{ground.ids['exchange']}/receipt"
    office.sends(receipt, office.form("/platform", receipt) | {"receipt": "HZ-7"}, 200)
    assert "HZ-7" in office.sees("/platform?stage=acknowledged")
    assert "重新报送" not in person("jiandu").sees("/platform")
