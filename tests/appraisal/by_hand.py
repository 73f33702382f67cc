"""Every indicator counted again in plain Python over plain rows, one loop each: what `counting` is held to.

Nothing of the product is used but its tables. A count: (indicator, department, county, risk) → [n, total].
"""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from blocks import settings
from tests.appraisal.city import last_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
COLUMNS = {"targets": "id, county_code, risk_class, status", "target_listings": "target_id, department_id",
           "trail": "number, thing, thing_id, target, at"}
TABLES = ("schemes", "assignments", "visits", "checks", "check_records", "publications", "seats", "recusals",
          "follow_ups", "evaluations", "dues", "due_changes", "targets", "target_listings", "inspection_items",
          "annual_plans", "trail")
DONE = {"reviewed", "public", "corrected", "withdrawn", "withheld"}
PROBLEMS = {"problem_pending", "problem_rectified", "not_disclosed", "false_disclosure", "unreachable",
            "not_cooperating"}
CLOCKS = ("approval", "contribution", "acceptance", "staffing", "recording", "review", "publicity", "recusal",
          "absence", "follow_up", "objection", "letter")


def local(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


class ByHand:
    """A period looked at from the end of a day."""

    def __init__(self, first: date, last: date, on: date) -> None:
        self.first, self.until, self.on = first, min(last, on), on
        self.end = datetime.combine(on + timedelta(1), datetime.min.time(), SHANGHAI)
        self.counts: dict[tuple, list[int]] = defaultdict(lambda: [0, 0])
        with psycopg.connect(settings.database_url().replace("+psycopg", ""), row_factory=dict_row) as connection:
            self.rows = {table: connection.execute(f"SELECT {COLUMNS.get(table, '*')} FROM {table}").fetchall()
                         for table in TABLES}
        self.by_id = {table: {row["id"]: row for row in rows} for table, rows in self.rows.items()
                      if rows and "id" in rows[0]}
        self.stages, self.begun = {}, {}
        for line in sorted(self.rows["trail"], key=lambda one: one["number"]):
            if line["at"] < self.end:
                self.stages[line["thing"], line["thing_id"]] = line["target"]
                self.begun.setdefault((line["thing"], line["thing_id"]), local(line["at"]))

    def within(self, day: date) -> bool:
        return self.first <= day <= self.until

    def add(self, key: str, department, value, target=None, risk=None) -> None:
        count = self.counts[key, department, target and target["county_code"], risk]
        count[0] += 1
        count[1] += int(value)

    def stage(self, thing: str, id) -> str | None:
        return self.stages.get((thing, id))

    def target(self, visit) -> dict:
        return self.by_id["targets"][visit["target_id"]]

    def live_checks(self):
        """Yield (check, visit, scheme, target, risk, stage)."""
        for check in self.rows["checks"]:
            visit = self.by_id["visits"][check["visit_id"]]
            scheme = self.by_id["schemes"][visit["scheme_id"]]
            stage = self.stage("check", check["id"])
            if stage and self.stage("visit", visit["id"]) != "replaced" and self.stage(
                    "scheme", scheme["id"]) != "cancelled":
                yield check, visit, scheme, self.target(visit), visit["stratum"][0], stage

    def all(self) -> dict[tuple, list[int]]:
        for count in (self.clocks, self.schemes, self.tasks, self.plans, self.checks, self.visits, self.after,
                      self.people, self.caps, self.coverage):
            count()
        return dict(self.counts)

    def clocks(self) -> None:
        changes = defaultdict(list)
        for one in self.rows["due_changes"]:
            if one["changed_at"] >= self.end:
                changes[one["due_id"]].append((one["id"], one["was_on"]))
        for due in self.rows["dues"]:
            due_on = min(changes[due["id"]])[1] if changes[due["id"]] else due["due_on"]
            if due["begun_at"] >= self.end or not self.within(due_on):
                continue
            check = (self.by_id["checks"][due["thing_id"]] if due["thing"] in ("check", "follow_up") else None)
            visit = check and self.by_id["visits"][check["visit_id"]]
            if self.stage("scheme", due["scheme_id"]) == "cancelled" or (
                    visit and self.stage("visit", visit["id"]) == "replaced"):
                continue
            met = due["met_at"] is not None and due["met_at"] < self.end and local(due["met_at"]) <= due_on
            target = visit and self.target(visit)
            self.add(f"on_time_{due['clock']}", due["department_id"], met, target, target and target["risk_class"])

    def schemes(self) -> None:
        for scheme in self.rows["schemes"]:
            stage = self.stage("scheme", scheme["id"])
            if self.within(scheme["window_end"]) and stage and stage not in ("drafted", "submitted", "cancelled"):
                self.add("closed", scheme["lead_id"], stage == "publicised")

    def tasks(self) -> None:
        stages = defaultdict(list)
        for check, _, scheme, _, _, stage in self.live_checks():
            stages[scheme["id"], check["department_id"]].append(stage)
        for scheme in self.rows["schemes"]:
            stage = self.stage("scheme", scheme["id"])
            if self.within(scheme["window_end"]) and stage in (
                    "dispatched", "staffed", "in_field", "concluded", "publicised"):
                parties = [scheme["lead_id"], *(one["department_id"] for one in self.rows["assignments"]
                                                if one["scheme_id"] == scheme["id"] and self.stage(
                        "assignment", one["id"]) not in (None, "withdrawn"))]
                for party in parties:
                    mine = stages[scheme["id"], party]
                    self.add("task_done", party, bool(mine) and all(one in DONE for one in mine))

    def plans(self) -> None:
        opened = {one["plan_key"]: one["id"] for one in self.rows["schemes"] if one["plan_key"]}
        for plan in self.rows["annual_plans"]:
            if plan["published_at"] >= self.end:
                continue
            for entry in plan["content"]["entries"]:
                month = entry["number"]
                if self.within(date(plan["year"], month, last_of(plan["year"], month))):
                    scheme = opened.get(f"{plan['year']}/445200/{month}/1")
                    self.add("plan_done", month, self.stage("scheme", scheme) in ("concluded", "publicised"))

    def checks(self) -> None:
        told = {(one["check_id"], one["record_number"], one["act"]) for one in self.rows["publications"]
                if one["day"] <= self.on}
        versions = defaultdict(list)
        for record in self.rows["check_records"]:
            if record["verdict"] == "reviewed" and record["reviewed_at"] < self.end:
                versions[record["check_id"]].append(record)
        for check, visit, _, target, risk, stage in self.live_checks():
            here = (check["department_id"],)
            if self.within(visit["day"]):
                self.add("check_done", *here, stage != "planned", target, risk)
            for record in versions[check["id"]]:
                key = (check["id"], record["number"])
                if self.within(record["made_on"]) and (*key, "withheld") not in told:
                    self.add("published", *here, (*key, "published") in told, target, risk)
                if self.within(local(record["reviewed_at"])):
                    self.add("corrections", *here, record["correction_reason"] is not None, target, risk)
            if versions[check["id"]]:
                last = max(versions[check["id"]], key=lambda one: one["number"])
                if self.within(last["inspected_on"]):
                    self.add("problems", *here, last["category"] in PROBLEMS, target, risk)

    def visits(self) -> None:
        recorded, parties = Counter(), defaultdict(set)
        for check, visit, _, _, _, stage in self.live_checks():
            if stage != "planned":
                recorded[visit["id"]] += 1
                parties[visit["merged_with_id"] or visit["id"]].add(check["department_id"])
        for visit in self.rows["visits"]:
            if self.stage("visit", visit["id"]) == "done" and self.within(visit["day"]):
                scheme, merged = self.by_id["schemes"][visit["scheme_id"]], visit["merged_with_id"]
                for key, value in (("joint", len(parties[merged or visit["id"]]) > 1), ("merged", merged is not None),
                                   ("saved", (recorded[visit["id"]] or 1) - (merged is None)),
                                   ("on_site", scheme["mode"] == "on_site")):
                    self.add(key, scheme["lead_id"], value, self.target(visit), visit["stratum"][0])

    def after(self) -> None:
        for one in self.rows["follow_ups"]:
            begun = self.begun.get(("follow_up", one["id"]))
            if begun and self.within(begun):
                check = self.by_id["checks"][one["check_id"]]
                target = self.target(self.by_id["visits"][check["visit_id"]])
                closed = self.stage("follow_up", one["id"]) == "closed"
                for key in ("follow_ups_closed", *(["rectified"] if one["kind"] == "ordered_to_rectify" else [])):
                    self.add(key, check["department_id"], closed, target, target["risk_class"])
        for one in self.rows["recusals"]:
            begun = self.begun.get(("recusal", one["id"]))
            if begun and self.within(begun):
                check = self.by_id["checks"][self.by_id["seats"][one["seat_id"]]["check_id"]]
                self.add("recusals", check["department_id"], self.stage("recusal", one["id"]) == "granted",
                         self.target(self.by_id["visits"][check["visit_id"]]))
        checks = defaultdict(list)
        for check in self.rows["checks"]:
            checks[check["visit_id"]].append(check)
        for one in self.rows["evaluations"]:
            given = self.begun.get(("evaluation", one["id"]))
            if given and self.within(given):
                for check in checks[one["visit_id"]]:
                    target = self.target(self.by_id["visits"][one["visit_id"]])
                    self.add("satisfaction", check["department_id"], one["satisfaction"], target)
                    self.add("proper", check["department_id"], one["showed_certificate"]
                             and one["only_what_was_listed"] and not one["asked_for_money"], target)

    def people(self) -> None:
        live = {check["id"]: check["department_id"] for check, visit, _, _, _, stage in self.live_checks()
                if stage != "planned" and self.within(visit["day"])}
        loads: Counter = Counter()
        for seat in self.rows["seats"]:
            if seat["check_id"] in live and (seat["vacated_at"] is None or seat["vacated_at"] >= self.end):
                loads[live[seat["check_id"]], seat["inspector_id"]] += 1
        of = defaultdict(list)
        for (department, _), load in loads.items():
            of[department].append(load)
        for department, carried in of.items():
            for load in carried:
                self.add("workload", department, load)
                self.add("balance", department, load <= 1.5 * sum(carried) / len(carried))

    def caps(self) -> None:
        first = date(self.until.year, 1, 1)
        inspected = {one["check_id"] for one in self.rows["check_records"]
                     if first <= one["inspected_on"] <= self.until and one["recorded_at"] < self.end}
        whole, each = defaultdict(set), defaultdict(set)
        for check, visit, _, target, _, stage in self.live_checks():
            if check["id"] in inspected and stage != "planned":
                once = visit["merged_with_id"] or visit["id"]
                whole[target["id"]].add(once)
                each[target["id"], check["department_id"]].add(once)
        law = settings.regulation(self.until)
        for (id, department), visits in each.items():
            target = self.by_id["targets"][id]
            self.add("caps_kept", department, len(visits) <= law.max_visits_per_business_and_department_per_year
                     and len(whole[id]) <= law.max_visits_per_business_per_year, target, target["risk_class"])

    def coverage(self) -> None:
        items, reached = set(), set()
        for check, visit, _, target, _, stage in self.live_checks():
            if stage != "planned" and self.within(visit["day"]):
                items |= set(check["item_codes"])
                reached.add((target["id"], check["department_id"]))
        for item in self.rows["inspection_items"]:
            if item["published"] and item["effective_from"] <= self.until and (
                    item["effective_to"] is None or item["effective_to"] >= self.first):
                self.add("items_covered", item["department_id"], item["code"] in items)
        for one in self.rows["target_listings"]:
            target = self.by_id["targets"][one["target_id"]]
            if target["status"] == "存续":
                self.add("targets_covered", one["department_id"], (one["target_id"], one["department_id"]) in reached,
                         target, target["risk_class"])
