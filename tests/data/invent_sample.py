"""Invent the sample city of `config/sample/`: the same files at every run, from one seed.

Nobody and nothing in it exists. Names carry 样例, certificate numbers begin with YL, and the
organisation part of every credit code begins with YL44, which no authority has issued; the check
digits are right (GB 11714 within GB 32100). The laws cited by the items are real.

Run it to write the files again: `.venv/bin/python tests/data/invent_sample.py`.
"""

import csv
import io
import random
from pathlib import Path
from typing import Any

from blocks.rosters.columns import kinds
from blocks.rules import uscc

SEED = 4452
FOLDER = Path(__file__).resolve().parents[2] / "config" / "sample"
COUNTIES = {
    "445202": "榕城区",
    "445203": "揭东区",
    "445222": "揭西县",
    "445224": "惠来县",
    "445281": "普宁市",
}
COUNTY_WEIGHTS = (28, 17, 14, 13, 28)

# code, name, short name, number of inspectors
DEPARTMENTS = (
    ("scjg", "市市场监督管理局", "市监", 14),
    ("gaj", "市公安局", "公安", 10),
    ("xfjy", "市消防救援支队", "消防", 10),
    ("wjj", "市卫生健康局", "卫健", 8),
    ("wgltj", "市文化广电旅游体育局", "文旅", 6),
    ("sthj", "市生态环境局", "生态", 6),
    ("jyj", "市教育局", "教育", 4),
    ("zjj", "市住房和城乡建设局", "住建", 2),
)
FIRE = "《中华人民共和国消防法》第五十三条"
PRICE = "《中华人民共和国价格法》第三十三条"
# code, field, name, kind, department, target kind, legal basis, effective from
ITEMS = (
    ("LG-01", "旅馆业", "旅馆业治安管理情况检查", "一般", "gaj", "旅馆",
     "《旅馆业治安管理办法》第六条、第十四条", "2024-01-01"),
    ("LG-02", "旅馆业", "旅馆消防安全检查", "重点", "xfjy", "旅馆", FIRE, "2024-01-01"),
    ("LG-03", "旅馆业", "旅馆公共场所卫生检查", "重点", "wjj", "旅馆",
     "《公共场所卫生管理条例实施细则》第三条", "2024-01-01"),
    ("LG-04", "旅馆业", "旅馆明码标价情况检查", "一般", "scjg", "旅馆", PRICE, "2024-01-01"),
    ("PX-01", "校外培训", "校外培训机构办学情况检查", "重点", "jyj", "校外培训机构",
     "《中华人民共和国民办教育促进法》第四十一条", "2024-01-01"),
    ("PX-02", "校外培训", "校外培训广告发布情况检查", "一般", "scjg", "校外培训机构",
     "《中华人民共和国广告法》第六条、第二十四条", "2024-01-01"),
    ("PX-03", "校外培训", "校外培训场所消防安全检查", "重点", "xfjy", "校外培训机构", FIRE,
     "2024-01-01"),
    ("WY-01", "文化娱乐", "娱乐场所经营活动检查", "一般", "wgltj", "文化娱乐场所",
     "《娱乐场所管理条例》第三条、第三十二条", "2024-01-01"),
    ("WY-02", "文化娱乐", "娱乐场所消防安全检查", "重点", "xfjy", "文化娱乐场所", FIRE,
     "2024-01-01"),
    ("WY-03", "文化娱乐", "娱乐场所明码标价情况检查", "一般", "scjg", "文化娱乐场所", PRICE,
     "2024-01-01"),
    ("JC-01", "机动车检验", "机动车检验机构检验行为检查", "重点", "scjg", "机动车检验机构",
     "《检验检测机构监督管理办法》第十七条", "2024-01-01"),
    ("JC-02", "机动车检验", "机动车排放检验情况检查", "重点", "sthj", "机动车检验机构",
     "《中华人民共和国生态环境法典》第二编第二分编第四章第三节（机动车船等大气污染防治）",
     "2026-08-15"),
)
# kind of business: how many, first two characters of the code, endings of its name
BUSINESSES = {
    "旅馆": (200, "92", ("旅馆", "宾馆", "酒店", "客栈")),
    "校外培训机构": (80, "91", ("教育培训中心", "艺术培训中心")),
    "文化娱乐场所": (80, "91", ("歌舞厅", "游艺厅", "影剧院")),
    "机动车检验机构": (40, "91", ("机动车检测有限公司",)),
}
RISKS = (("A", 30), ("C", 18), ("D", 7))  # percent; the rest is B
REASONS = ("配偶在该单位任职", "近亲属持有该单位股份", "曾在该单位任职未满三年",
           "与该单位负责人为近亲属", "与该单位有房屋租赁关系", "与该单位有未了结的诉讼")
SURNAMES, ORDINALS = "林陈黄李吴张郑杨许蔡王刘", "一二三四五"
FIRST, SECOND = "云海江榕山星晨和福安", "来悦雅景华泰宁达庭源"

Record = dict[str, Any]


def organisation_code(body: str) -> str:
    """Return the eight characters with their check character (GB 11714)."""
    return body + uscc.organisation_check_character(body)


def credit_code(prefix: str, county: str, number: int) -> str:
    """Return a credit code with both check characters right; its body YL44… is nobody's."""
    first17 = prefix + county + organisation_code(f"YL44{number:04d}")
    return first17 + uscc.check_character(first17)


def pick(chance: random.Random, choices: Any) -> Any:
    """Return one of the choices; built on `random()` alone, which no Python version changes."""
    return choices[int(chance.random() * len(choices))]


def departments() -> list[Record]:
    return [{"code": c, "name": n, "short_name": s} for c, n, s, _ in DEPARTMENTS]


def items() -> list[Record]:
    names = ("code", "field", "name", "kind", "department_code", "target_kinds", "legal_basis",
             "effective_from")
    rest = {"mode": "实地", "clause": "", "effective_to": "", "published": "是"}
    told = [dict(zip(names, item, strict=True)) | rest for item in ITEMS]
    return [one | {"partner_codes": "、".join(dict.fromkeys(
        other["department_code"] for other in told if other["field"] == one["field"]
        and other["department_code"] != one["department_code"]))} for one in told]


def inspectors() -> list[Record]:
    """Sixty people, numbered through; every third of a department may lead, the first always."""
    rows: list[Record] = []
    for department, _, _, many in DEPARTMENTS:
        own = [item[0] for item in ITEMS if item[4] == department]
        for place in range(many):
            number = len(rows)
            surname, ordinal = SURNAMES[number % 12], ORDINALS[number // 12]
            rows.append({
                "certificate_no": f"YL4452{number + 1:04d}",
                "name": f"样例·{surname}{ordinal}",
                "department_code": department,
                "county_code": tuple(COUNTIES)[number % 5],
                "certificate_from": "2024-01-01",
                "certificate_to": "2028-12-31",
                "may_lead": "否" if place % 3 else "是",
                "item_codes": own[0] if own and place == 3 else "",
            })
    return rows


def accounts() -> list[Record]:
    rows = [_account("bangong", "样例·办公室甲", "scjg", "办公室"),
            _account("bangong2", "样例·办公室乙", "scjg", "办公室"),
            _account("jiandu", "样例·监督员", "scjg", "监督")]
    people = inspectors()
    for code, _, short, _ in DEPARTMENTS:
        rows.append(_account(f"{code}.jingban", f"样例·{short}经办", code, "经办"))
        rows.append(_account(f"{code}.shenpi", f"样例·{short}审批", code, "审批"))
        own = [one for one in people if one["department_code"] == code]
        for number, one in enumerate(own, start=1):
            account = _account(f"{code}.{number:02d}", one["name"], code, "执法检查人员")
            rows.append(account | {"certificate_no": one["certificate_no"]})
    return rows


def _account(login: str, name: str, department: str, role: str) -> Record:
    return {"login": login, "name": name, "department_code": department, "roles": role,
            "certificate_no": ""}


def targets(chance: random.Random) -> list[Record]:
    rows: list[Record] = []
    taken: set[str] = set()
    for kind, (many, prefix, endings) in BUSINESSES.items():
        supervisors = sorted({item[4] for item in ITEMS if item[5] == kind})
        for risk in _risks(chance, many):
            county = chance_county(chance)
            name = _name(chance, county, endings, taken)
            rows.append({
                "uscc": credit_code(prefix, county, len(rows) + 1),
                "name": name,
                "county_code": county,
                "address": f"揭阳市{COUNTIES[county]}样例路{len(rows) + 1}号",
                "kind": kind,
                "risk_class": risk,
                "status": "存续",
                "legal_representative": f"样例·{pick(chance, SURNAMES)}某",
                "on_abnormal_list": "否",
                "on_serious_list": "否",
                "complaints": 0,
                "department_codes": "、".join(supervisors),
            })
    for place in range(7, len(rows), 45):  # nine of them
        rows[place]["on_abnormal_list"] = "是"
    for place, complaints in ((15, 1), (88, 3), (240, 2)):
        rows[place]["complaints"] = complaints
    return rows


def _risks(chance: random.Random, many: int) -> list[str]:
    """Return the risk classes in their fixed shares, in an order by chance."""
    deck = [risk for risk, percent in RISKS for _ in range(round(many * percent / 100))]
    deck += ["B"] * (many - len(deck))
    return [risk for _, risk in sorted((chance.random(), risk) for risk in deck)]


def chance_county(chance: random.Random) -> str:
    point = chance.random() * sum(COUNTY_WEIGHTS)
    for code, weight in zip(COUNTIES, COUNTY_WEIGHTS, strict=True):
        point -= weight
        if point < 0:
            return code
    raise AssertionError("the weights do not add up")


def _name(chance: random.Random, county: str, endings: tuple[str, ...], taken: set[str]) -> str:
    while True:
        word = pick(chance, FIRST) + pick(chance, SECOND)
        name = f"样例·{COUNTIES[county][:-1]}{word}{pick(chance, endings)}"
        if name not in taken:
            taken.add(name)
            return name


def interests(businesses: list[Record]) -> list[Record]:
    """Six pairs among inspectors whose department inspects the business (hotels)."""
    concerned = {"gaj", "xfjy", "wjj", "scjg"}
    people = [one for one in inspectors() if one["department_code"] in concerned]
    return [
        {"certificate_no": people[place * 6]["certificate_no"],
         "uscc": businesses[place * 31 + 2]["uscc"], "reason": reason}
        for place, reason in enumerate(REASONS)
    ]


def as_csv(kind: str, rows: list[Record]) -> str:
    """Return the rows under the official headings of their kind."""
    fields = kinds()[kind].fields
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([field.heading for field in fields])
    writer.writerows([row[field.name] for field in fields] for row in rows)
    return out.getvalue()


def files() -> dict[str, bytes]:
    """Return the content of every file by name: UTF-8 with BOM, which Excel needs for Chinese."""
    businesses = targets(random.Random(SEED))
    tables = {"departments": departments(), "accounts": accounts(), "items": items(),
              "inspectors": inspectors(), "interests": interests(businesses),
              "targets": businesses}
    return {f"{kind}.csv": as_csv(kind, rows).encode("utf-8-sig") for kind, rows in tables.items()}


if __name__ == "__main__":
    for file_name, content in files().items():
        (FOLDER / file_name).write_bytes(content)
