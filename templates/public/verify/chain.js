// Check 7: the chain over all draws of the city, and a voided draw's own word.

const NO_CHAIN = "没有 chain.jsonl，未核验";
const FILES = { sealed: "seal.json", drawn: "result.json", void: "void.json" };
const NEXT = { void: ["sealed"], sealed: ["drawn", "void"], drawn: ["void"] };
const VOIDED = "作废前未抽取", NOT_YET = "尚无结果";

/** Say why there is nothing drawn to check: the draw was voided before, or is only sealed so far. */
function whyUndrawn(draw) {
  if (["seed.txt", "result.json", "replacements.jsonl"].some((name) => draw.files.has(name))) return "";
  if (draw.files.has("void.json")) return VOIDED;
  const waits = draw.files.has("chain.jsonl") && followChain(draw).mine.size === 1;
  return waits ? `${NOT_YET}，随机值最晚应产生于 ${beijing(latestDue(draw))}` : "";
}

const latestDue = (draw) => draw.seal.randomness.map((one) => one.due_at).sort().at(-1);
const beijing = (at) => new Date(at).toLocaleString("zh-CN", {
  dateStyle: "long", timeStyle: "short", timeZone: "Asia/Shanghai",
});

function checkChain(draw) {
  if (!draw.files.has("chain.jsonl")) {
    need(!draw.files.has("void.json"), "作废须有 chain.jsonl 证明");
    return NO_CHAIN;
  }
  const { mine, open, count } = followChain(draw);
  const joined = mine.get("sealed")?.previous === draw.seal.previous;
  need(joined, "链上没有这份封存，或不接在当时的末端");
  need(mine.size > 1 || draw.undrawn, "封存之后没有结果");
  for (const [kind, name] of Object.entries(FILES)) {
    const here = draw.files.has(name) ? draw.hash(draw.read(name)) : null;
    need(here === (mine.get(kind)?.file ?? null), `${name} 与链上不符`);
  }
  if (mine.has("void")) checkVoid(draw);
  return `${count} 行相接；已封存、尚无结果：${open.join("、") || "无"}`;
}

/** Follow the chain from its first line; return this draw's lines by kind, and who has no result. */
function followChain(draw) {
  const name = "chain.jsonl", stands = new Map(), mine = new Map(), lines = draw.lines(name);
  let head = ZERO;
  for (const [i, bytes] of lines.entries()) {
    const line = canonical(bytes, `${name} 第 ${i + 1} 行`), { kind, scheme } = line;
    const [last, was] = stands.get(scheme) ?? [0, "void"], number = last + (kind === "sealed" ? 1 : 0);
    const text = `SJD-HEAD-1\n${head}\n${kind}\n${line.file}\n`;
    const right = { ...line, number: i + 1, previous: head, draw_number: number };
    const fit = written(line) === written(right) && Object.keys(line).length === 7
      && Object.keys(HASHES).some((one) => hashHex(one, text) === line.head);
    need(fit && NEXT[was].includes(kind), `第 ${i + 1} 行接不上：${scheme} 第 ${line.draw_number} 次 ${kind}`);
    stands.set(scheme, [number, kind]);
    head = line.head;
    if (scheme === draw.seal.scheme && number === draw.seal.draw_number) mine.set(kind, line);
  }
  const open = [...stands].filter(([, [, kind]]) => kind === "sealed").map(([one, [n]]) => `${one}-${n}`);
  return { mine, open, count: lines.length };
}

/** A draw is void only with its reason and by two persons. */
function checkVoid(draw) {
  const found = canonical(draw.read("void.json"), "void.json"), { reason, at } = found;
  const right = { version: "SJD-1", seal: draw.sealed, reason, at, persons: 2 };
  const fit = written(found) === written(right) && reason.trim() && TIME.test(at);
  need(fit, "void.json 不是这次抽取的作废记录，或缺少理由、时间、两人确认");
}

/** Number, name and meaning of the checks. */
const CHECKS = [
  ["封存", "封存文件的写法与规则；随机来源都在封存之后才产生", checkSeal],
  ["待抽库", "名单逐行计算，归到封存时公布的根值", checkPool],
  ["分层", "每一层的户数、比例和应抽数", checkStrata],
  ["种子", "随机值与封存的来源、各部门的承诺一一相符", checkSeed],
  ["结果", "每一户的签重新计算，抽中和备选与公布的一致", checkResult],
  ["递补", "备选严格按次序递补，每次都有理由", checkReplacements],
  ["链", "全市历次抽取首尾相接，没有重抽、漏报", checkChain],
];

/** Run all checks; report(number, state, detail) hears each: run, then pass, fail or skip. */
async function verify(files, report, tell) {
  const draw = new Draw(files, tell), failed = [];
  for (const [i, [, , check]] of CHECKS.entries()) {
    report(i + 1, "run", "");
    try {
      const detail = await check(draw);
      report(i + 1, detail === NO_CHAIN || detail.startsWith(NOT_YET) ? "skip" : "pass", detail);
    } catch (why) { // whatever a broken file causes is a check that does not hold
      failed.push(i + 1);
      const plain = failed.length > 1 ? "前面的核验没有通过，这一项无从核对" : "文件内容不合规范，无从核对";
      report(i + 1, "fail", why instanceof Wrong ? why.message : plain);
    }
  }
  return Object.assign(draw, { failed });
}
