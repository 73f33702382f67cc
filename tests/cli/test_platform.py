"""`choucha platform` as the office runs it, by files."""

TEN = {"CHOUCHA_PLATFORM": "files", "CHOUCHA_PLATFORM_MAPPING": "ten_columns"}


def test_a_directory_goes_out_and_comes_back_and_a_difference_is_accepted(shell, open_scene, tmp_path):
    open_scene("sample")
    out = tmp_path / "名录.xlsx"
    said = shell.says("platform", "export", "targets", "--out", out, "--as", "bangong", **TEN)
    assert f"已写入 {out}" in said
    said = shell.says("platform", "import", "targets", out, "--full", "--as", "bangong", **TEN)
    assert "差异0处" in said
    assert "没有待处理的差异" in shell.says("platform", "differences")
    assert "没有向省级平台报送过" in shell.says("platform", "list")


def test_what_cannot_be_taken_is_told_in_plain_words(shell, open_scene, tmp_path):
    open_scene("sample")
    out = tmp_path / "名录.xlsx"
    assert "由联席会议办公室办理" in shell.refused(
        "platform", "export", "targets", "--out", out, "--as", "gaj.jingban", **TEN)
    assert ".xlsx" in shell.refused("platform", "export", "targets", "--out", tmp_path / "a.docx", "--as", "bangong",
                                    **TEN)
    shell.says("platform", "export", "targets", "--out", out, "--as", "bangong", **TEN)
    said = shell.refused("platform", "import", "receipts", out, "--as", "bangong")
    assert "一行都没有收" in said and "报送编号" in said
    assert "没有「receipts」这一类" in shell.refused("platform", "import", "receipts", out, "--as", "bangong", **TEN)
    assert "没有配置平台接口" in shell.refused("platform", "pull", "targets", "--as", "bangong", **TEN)
    assert "没有报送「7」" in shell.refused("platform", "resend", 7, "--as", "bangong")
    assert "没有编号为「7」" in shell.refused("platform", "accept", 7, "--as", "bangong", "--reason", "已核")
