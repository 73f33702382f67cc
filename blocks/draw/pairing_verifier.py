"""核验公开的人员匹配：python pairing_verifier.py 文件夹（一次抽取的；旁边须有 verifier.py）
Needs nothing but Python; shares no code with the drawing. With inspectors.jsonl and interests.jsonl
in the folder (auditors have these) it also checks who was sealed and who had to keep away."""

import hashlib
import json
import re
import sys
from collections import Counter, deque
from heapq import nsmallest
from pathlib import Path

if __package__:
    from blocks.draw.verifier import TIME, ZERO, need, sm3
else:  # a stranger's copy
    from verifier import TIME, ZERO, need, sm3

BALANCE, FIRST_K = 2**35, 16
REASONS = ("recusal", "absence", "replacement", "left")
KEYS = {"department", "k", "suffix", "objective", "seats", "ties", "inspectors", "pools", "visits", "redraws"}
REDRAW = {"visit", "leaving", "coming", "load", "ticket", "reason", "at"}
NAMES = {"files": "匹配文件", "law": "人数资格", "candidates": "候选", "cheapest": "最优唯一", "redraws": "补抽",
         "sealed": "封存人员"}

def canonical(data):
    bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", data)
    need(not re.search(rb"[0-9]{17}|[.eE+-]", re.sub(rb"true|false", b"", bare)), "JSON 里只应有文本、真假和整数")
    found = json.loads(data)
    again = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(again.encode() == data, "不是规范 JSON")
    return found

class Department:  # one department's part of pairing.json
    def __init__(self, told, seed, digest):
        self.told, self.code, self.seed, self.digest = told, told["department"], seed, digest
        self.leads = {one["id"]: one["may_lead"] for one in told["inspectors"]}
        self.most = {one["id"]: one["max_load"] for one in told["inspectors"]}
        self.pools = [frozenset(pool) for pool in told["pools"]]
        self.visits = {one["id"]: (one["team"], self.pools[one["pool"]]) for one in told["visits"]}
        self.rounds = [{one["visit"]: one["inspectors"] for one in seats} for seats in (*told["ties"], told["seats"])]
        self.merged = {one["visit"]: one["inspectors"] for one in told.get("merged", [])}

    def ticket(self, person, visit, suffix):
        tail = "" if suffix == 1 else f"|{suffix}"
        return int(self.digest(f"{self.seed}{person}|{visit}{tail}")[:8], 16)

    def candidates(self, suffix, k):
        """{visit: {person: ticket}}: of those who may lead and of the others the K lowest each."""
        found = {}
        for visit, (_, pool) in self.visits.items():
            told = [(self.ticket(one, visit, suffix), one) for one in pool]
            both = [nsmallest(k, [pair for pair in told if self.leads[pair[1]] == leads]) for leads in (True, False)]
            found[visit] = {one: ticket for group in both for ticket, one in group}
        return found

    def can_staff(self, graph):
        """Whether every seat can be filled: seat 0 of a visit takes only who may lead; augmenting paths."""
        held, seats_of = {}, {one: set() for one in self.leads}
        for start in [(visit, at) for visit, (team, _) in self.visits.items() for at in range(team)]:
            came, queue, end = {start: None}, [start], None
            for seat in queue:  # grows as it goes
                for one in {} if end else graph[seat[0]]:
                    if seat[1] or self.leads[one]:
                        here = [other for other in seats_of[one] if other[0] == seat[0]]
                        if not here and len(seats_of[one]) < self.most[one]:
                            end = seat, one
                            break
                        for other in here or seats_of[one]:
                            if other not in came:
                                came[other] = seat, one
                                queue.append(other)
            if not end:
                return False
            while end:  # seat them, and walk back: who was displaced takes the seat they were wanted for
                seat, one = end
                seats_of[held.get(seat, one)].discard(seat)
                held[seat], end = one, came[seat]
                seats_of[one].add(seat)
        return True

    def law(self, least):
        need(len(self.leads) == len(self.told["inspectors"]) and len(self.visits) == len(self.told["visits"]), "重复")
        for seats, listed in zip(self.rounds, (*self.told["ties"], self.told["seats"]), strict=True):
            need(sorted(seats) == sorted(self.visits) == [one["visit"] for one in listed], "检查对象与席位不一致")
            for visit, team in seats.items():
                size, pool = self.visits[visit]
                need(len(team) == len(set(team)) == size >= least, f"{visit} 的检查组人数不对或有人重复")
                need(set(team) <= pool, f"{visit} 配有不符合条件（或应回避）的人员")
                need(self.leads[team[0]], f"{visit} 的组长不具备组长资格")
            loads = Counter(one for team in seats.values() for one in team)
            need(not any(load > self.most[one] for one, load in loads.items()), "有人的任务数超过上限")

    def hashings(self):  # keeps (suffix, seats, candidates) of each, after looking at K
        need(self.told["suffix"] == len(self.rounds), "重新计签的次数与记录不符")
        self.hashed = []
        for suffix, seats in enumerate(self.rounds, 1):
            k, last = FIRST_K, suffix == len(self.rounds)
            while not self.can_staff(graph := self.candidates(suffix, k)) and k <= len(self.leads):
                k *= 2
            need(not last or k == self.told["k"], f"K 应为 {k}，公布的是 {self.told['k']}")
            fit = all(set(team) <= graph[visit].keys() for visit, team in seats.items())
            need(fit, f"有人不在 {k} 名候选之内")
            wrong = [visit for visit, team in seats.items() if team != self.in_order(team, graph[visit])]
            need(not wrong, f"{''.join(wrong[:1])} 的组长或次序不对")
            self.hashed.append((suffix, seats, graph))

    def in_order(self, team, tickets):  # the leader with the lowest ticket, then the others by theirs
        told = sorted(team, key=lambda one: (tickets[one], one))
        return sorted(told, key=lambda one: one != next(filter(self.leads.get, told)))

    def cheapest(self):
        for suffix, seats, graph in self.hashed:
            arcs = self.residual(seats, graph)
            distance = potentials(arcs)
            need(distance is not None, "存在代价更小的匹配")
            last, free = suffix == len(self.rounds), has_free_cycle(arcs, distance)
            need(free != last, "存在代价相同的另一种匹配" if last else "无须重新计签却重新计了")
        loads = Counter(one for team in seats.values() for one in team)
        cost = BALANCE * sum(n * (n - 1) // 2 for n in loads.values())
        cost += sum(graph[visit][one] for visit, team in seats.items() for one in team)
        need(self.told["objective"] == str(cost), f"目标值应为 {cost}")

    def residual(self, seats, graph):
        """{node: [(node, cost)]}: how seats may still move. A gate stands before those who may not lead."""
        arcs, loads = {}, Counter(one for team in seats.values() for one in team)
        for visit, tickets in graph.items():
            others = sum(not self.leads[one] for one in seats[visit])
            full, empty = others >= self.visits[visit][0] - 1, others == 0
            gate = (visit, "gate") if full or empty else (visit, "")
            if full != empty:
                tail, head = ((visit, ""), gate) if empty else (gate, (visit, ""))
                arcs.setdefault(tail, []).append((head, 0))
            for one, ticket in tickets.items():
                node = (visit, "") if self.leads[one] else gate
                used = one in seats[visit]
                tail, head, cost = (one, node, -ticket) if used else (node, one, ticket)
                arcs.setdefault(tail, []).append((head, cost))
        for one in self.leads:
            if loads[one] < self.most[one]:
                arcs.setdefault(one, []).append(((), BALANCE * loads[one]))
            if loads[one]:
                arcs.setdefault((), []).append((one, -BALANCE * (loads[one] - 1)))
        return arcs

    def redraws(self, allowed):
        """Return {visit: team} at the end, after checking each seat drawn again."""
        seated = {visit: list(team) for visit, team in self.rounds[-1].items()}
        held = Counter(one for team in seated.values() for one in team)
        for number, one in enumerate(self.told["redraws"], 1):
            visit, leaving, coming, wrong = one["visit"], one["leaving"], one["coming"], f"第 {number} 次"
            team = seated.setdefault(visit, [])
            need(visit in allowed and re.fullmatch(TIME, one["at"]) and one["reason"] in REASONS, wrong)
            need(leaving in team if leaving else coming, f"{wrong}：{leaving} 不在 {visit}")
            at = team.index(leaving) if leaving else len(team)
            team[at : at + 1] = []
            if coming:
                lead = not any(self.leads[other] for other in team)
                standing = [(held[who], self.ticket(who, visit, self.told["suffix"]), who)
                            for who in self.pools[one["pool"]] if who not in team and who != leaving
                            and held[who] < self.most[who] and (self.leads[who] or not lead)]
                right = min(standing, default=None) == (one["load"], one["ticket"], coming)
                need(right and set(one) - {"pool"} == REDRAW, f"{wrong}：{visit} 应由另一人补上")
                team.insert(at, coming)
            else:
                need((one["load"], one["ticket"], one["reason"]) == (0, 0, "left") and set(one) == REDRAW, wrong)
            held[leaving], held[coming] = held[leaving] - 1, held[coming] + 1
        return seated

def potentials(arcs):
    """Shortest distances from anywhere to each node (Bellman-Ford), or None: a negative cycle exists."""
    distance, before = dict.fromkeys([*arcs, *(head for out in arcs.values() for head, _ in out)], 0), {}
    queue, waiting, turns = deque(arcs), set(arcs), 0
    while queue:
        node = queue.popleft()
        waiting.discard(node)
        for head, cost in arcs.get(node, ()):
            if distance[node] + cost < distance[head]:
                distance[head], before[head], turns = distance[node] + cost, node, turns + 1
                if head not in waiting:
                    waiting.add(head)
                    queue.append(head)
                if turns % len(distance) == 0 and has_loop(before):
                    return None
    return distance

def has_loop(before):  # whether following it goes round somewhere
    seen = {}
    for start in before:
        node = start
        while node in before and node not in seen:
            seen[node], node = start, before[node]
        if seen.get(node) == start:
            return True
    return False

def has_free_cycle(arcs, distance):
    """Whether some exchange costs exactly nothing: every arc of such a cycle is tight."""
    tight = {node: [to for to, cost in out if distance[node] + cost == distance[to]] for node, out in arcs.items()}
    entering = Counter(head for heads in tight.values() for head in heads)
    free = [node for node in distance if not entering[node]]
    for node in free:  # grows as it goes: what is left when it ends lies on or behind a cycle
        for head in tight.get(node, ()):
            entering[head] -= 1
            if not entering[head]:
                free.append(head)
    return len(free) < len(distance)

class Pairing:  # a draw's folder, and its checks: each returns what it saw or raises
    def __init__(self, folder):
        self.files = {path.name: path.read_bytes() for path in Path(folder).glob("*.[jt]*") if path.is_file()}

    def hash(self, data):
        data, known = data if isinstance(data, bytes) else data.encode(), hashlib.algorithms_available
        return hashlib.new(self.seal["hash"], data).hexdigest() if self.seal["hash"] in known else sm3(data).hex()

    def check(self, name):
        try:
            return True, getattr(self, f"check_{name}")()
        except Exception as why:  # whatever a broken file causes is a check that does not hold
            known = {KeyError: f"缺少 {''.join(map(str, why.args))}", AttributeError: "前面的检查未通过"}
            return False, known.get(type(why), str(why)[:200])

    def check_files(self):
        self.seal, result = json.loads(self.files["seal.json"]), json.loads(self.files["result.json"])
        base, told = self.hash(self.files["seed.txt"]), canonical(self.files["pairing.json"])
        same = (result["base"], result["seal"]) == (base, self.hash(self.files["seal.json"]))
        need(same, "封存、种子、结果不是同一次抽取的")
        codes = [one["department"] for one in told["departments"]]
        need(told["version"] == "SJD-1" and len(told) == 2 and codes == sorted(set(codes)), "部门的次序或版本不对")
        came = [json.loads(line)["id_in"] for line in self.files.get("replacements.jsonl", b"").splitlines()]
        self.drawn, found = {*came, *(one["id"] for stratum in result["strata"] for one in stratum["drawn"])}, []
        for one in told["departments"]:
            need(KEYS <= set(one) <= KEYS | {"merged"}, f"{one['department']} 的内容不全")
            seed = self.hash(f"SJD-MATCH-1\n{base}\n{one['department']}\n")
            found.append(each := Department(one, seed, self.hash))
            fit = {*each.visits, *each.merged} <= self.drawn and not each.visits.keys() & each.merged.keys()
            need(fit, f"{each.code} 有检查对象没抽中，或列了两次")
        people = Counter(who for one in found for who in one.leads)
        need(all(n == 1 and "|" not in who for who, n in people.items()), "有人列在两个部门，或执法证号不可用")
        self.departments = found
        return f"{len(codes)} 个部门，{sum(len(one.visits) for one in found)} 次检查，{len(people)} 名检查人员"

    def each(self, work):  # for each department, naming the one it fails for
        for one in self.departments:
            try:
                yield one, work(one)
            except Exception as why:
                raise ValueError(f"{one.code}：{why}") from why

    def check_law(self):
        list(self.each(lambda one: one.law(self.seal["pairing"]["team"])))
        return f"每组不少于 {self.seal['pairing']['team']} 人，组长合格，无人超过任务上限"

    def check_candidates(self):
        return "、".join(f"{one.code} K={one.told['k']}" for one, _ in self.each(Department.hashings)) or "无"

    def check_cheapest(self):
        list(self.each(Department.cheapest))
        return "没有代价更小或相同的另一种匹配"

    def check_redraws(self):
        self.seated = {one.code: seated for one, seated in self.each(lambda one: one.redraws(self.drawn))}
        return f"{sum(len(one.told['redraws']) for one in self.departments)} 次，均按（任务数、签、证号）最小者补上"

    def bound(self, name):  # the lines of a list that the seal binds, or None where it is not here
        if (data := self.files.get(f"{name}.jsonl")) is None:
            return None
        level = [self.hash(b"\0" + line) for line in data.splitlines()]
        told = {"size": len(level)}
        while len(level) > 1:
            odd, twos = level[len(level) & ~1 :], zip(level[::2], level[1::2], strict=False)
            level = [self.hash(b"\1" + bytes.fromhex(left + right)) for left, right in twos] + odd
        need(self.seal[name] == told | {"root": (level or [ZERO])[0]}, f"{name}.jsonl 与封存的根值不符")
        return [json.loads(line) for line in data.splitlines()]

    def check_sealed(self):
        people, interests = self.bound("inspectors"), self.bound("interests")
        if people is None:
            return "没有 inspectors.jsonl：是否都在封存的名单中，由监督人员核对"
        known = {(one["certificate_no"], one["department"], one["may_lead"]) for one in people}
        strange = {(who, one.code, leads) for one in self.departments for who, leads in one.leads.items()} - known
        need(not strange, f"{min(strange, default=' ')[0]} 不在封存的名单中，或资格不同")
        kept = {(one["certificate_no"], one["id"]) for one in interests or ()}
        for one in self.departments:
            seats = [*one.rounds[-1].items(), *one.merged.items(), *self.seated[one.code].items()]
            wrong = [f"{who} 在 {visit}" for visit, team in seats for who in team if (who, visit) in kept]
            need(not wrong, f"应回避的人被派出：{''.join(wrong[:1])}")
        also = "" if interests is None else f"，避开封存的 {len(kept)} 项利害关系"
        return f"人员都在封存的 {len(known)} 人中{also}"

def verify(folder):
    """Return [(number, name, holds, what was seen or what is wrong)] of a draw's pairing."""
    pairing = Pairing(folder)
    return [(number, name, *pairing.check(check)) for number, (check, name) in enumerate(NAMES.items(), 1)]

if __name__ == "__main__":
    for number, name, holds, detail in (found := verify(*sys.argv[1:2] or ".")):
        print(f"{number:2d} {'通过' if holds else '不通过'} {name}：{detail}")
    sys.exit(0 if all(holds for _, _, holds, _ in found) else 1)
