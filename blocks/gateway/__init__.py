"""The provincial platform: mapping files, workbooks, HTTP, both sides compared, lists drawn there."""
