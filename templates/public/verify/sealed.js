// Checks 1 to 4: what was fixed before the random values could be known, and the values themselves.

const ID = "[0-9A-Z._:-]{1,55}|H:[0-9a-f]{40}";
const LINE = new RegExp(`^SJD1\\t(${ID})\\t([^\\t]+)\\t([1-9][0-9]{0,4})\\t[0-9a-f]{64}(\\t([0-9a-f]{2})+)?$`);
const VALUES = {
  drand: /^(missing|[0-9a-f]{64})$/, reveal: /^(missing|[0-9a-f]{64})$/, dice: /^[1-6]+$/,
  typed: /^[.,-]*[0-9][0-9.,-]*$/,
};

async function checkSeal(draw) {
  const bytes = draw.read("seal.json"), seal = canonical(bytes, "seal.json");
  const known = seal.version === "SJD-1" && seal.missing_rule === "publish-and-skip";
  need(known && Object.hasOwn(HASHES, seal.hash), "seal.json 的版本或规则不认识");
  draw.seal = seal;
  draw.sealed = await hashFile(seal.hash, bytes);
  for (const one of seal.randomness) {
    need(isText(one.kind) && isText(one.locator), "随机来源缺少种类或名称");
    const timed = TIME.test(seal.sealed_at) && TIME.test(one.due_at) && seal.sealed_at < one.due_at;
    const bound = HEX.test(one.commitment ?? "") === (one.kind === "reveal");
    need(timed && bound, `来源 ${one.locator} 早于封存，或承诺不对`);
  }
  return `${draw.sealed}，随机来源 ${seal.randomness.length} 个，均在封存之后产生`;
}

async function checkPool(draw) {
  const leaves = draw.withheld ? givenLeaves(draw) : await hashedLines(draw);
  const size = leaves.length / 32, root = await merkleRoot(draw, leaves);
  need(written(draw.seal.pool) === written({ root, size }), "待抽库与封存的根值不符");
  return `${size} 户，根值 ${root}${draw.withheld ? "（名单未公开，由各行的杂凑值重算）" : ""}`;
}

/** Read pool.tsv line by line into draw.pool; return the leaf hashes, 32 bytes each.
 *  The lines stay bytes: offsets and weights only, so that a million of them fit in a phone. */
async function hashedLines(draw) {
  const data = draw.read("pool.tsv"), starts = draw.starts("pool.tsv"), size = starts.length - 1;
  const pool = { data, starts, idEnd: new Uint32Array(size), weight: new Uint16Array(size), strata: new Map() };
  const leaf = prefixed(draw.seal.hash, Uint8Array.of(0)), leaves = new Uint8Array(32 * size);
  let last = "";
  draw.pool = pool;
  await inSlices(size, (i) => {
    const from = starts[i], to = starts[i + 1] - 1;
    const fit = LINE.exec(decode(data.subarray(from, to), `pool.tsv 第 ${i + 1} 行`));
    need(fit && last < fit[1] && Number(fit[3]) < 65536, `第 ${i + 1} 行的顺序或格式不对`);
    last = fit[1];
    pool.idEnd[i] = from + 5 + last.length;
    pool.weight[i] = Number(fit[3]);
    if (!pool.strata.has(fit[2])) pool.strata.set(fit[2], []);
    pool.strata.get(fit[2]).push(i);
    leaf(data, from, to, leaves, 32 * i);
  }, draw.tell);
  return leaves;
}

/** Return the root over leaf hashes (RFC 6962, 2.1), level by level in place. */
async function merkleRoot(draw, leaves) {
  const level = leaves.slice(), node = prefixed(draw.seal.hash, Uint8Array.of(1));
  let size = level.length / 32;
  while (size > 1) {
    const pairs = size >> 1;
    await inSlices(pairs, (i) => node(level, 64 * i, 64 * i + 64, level, 32 * i), draw.tell);
    if (size % 2) level.copyWithin(32 * pairs, 64 * pairs, 64 * pairs + 32); // odd: promoted
    size -= pairs;
  }
  return size ? hex(level) : ZERO;
}

function checkStrata(draw) {
  const { strata } = draw.seal, codes = new Set(strata.map((one) => one.code));
  const ordered = strata.every(({ code }, i) => isText(code) && (!i || isBefore(strata[i - 1].code, code)));
  const covered = draw.withheld || [...draw.pool.strata.keys()].every((code) => codes.has(code));
  need(ordered && covered, "层的次序或范围不对");
  for (const one of strata) {
    const members = draw.withheld ? null : draw.pool.strata.get(one.code) ?? [];
    const flat = one.mode === "weighted" || !members || members.every((i) => draw.pool.weight[i] === 1);
    const fit = flat && addsUp(one) && (!members || members.length === one.size);
    need(fit, `层 ${one.code} 的户数、比例、抽取数、备选数或权重不对`);
  }
  const whole = strata.reduce((sum, one) => sum + one.size, 0);
  need(whole === draw.seal.pool.size, "各层户数之和与待抽库不符");
  const seen = strata.map((one) => `${one.code} ${one.size} 抽 ${one.count}`).join("；");
  return draw.withheld ? `${seen}。各层户数须由监督人员用完整名单核对` : seen;
}

/** Whether text a stands before b by code points, as the other implementations sort (JavaScript's
 *  own order, by UTF-16, differs beyond U+FFFF). UTF-8 keeps that order, byte by byte. */
function isBefore(a, b) {
  const [x, y] = [utf8(a), utf8(b)], at = x.findIndex((byte, i) => byte !== y[i]);
  return at < 0 ? x.length < y.length : at >= y.length ? false : x[at] < y[at];
}

function addsUp({ mode, numerator, denominator, size, count, reserves }) {
  if (![numerator, denominator, size, count, reserves].every(isCount) || !denominator) return false;
  const [N, top, bottom] = [size, numerator, denominator].map(BigInt);
  const right = { ratio: (N * top + bottom - 1n) / bottom, number: top, weighted: top }[mode];
  return right === BigInt(count) && (mode === "ratio" || denominator === 1) && count + reserves <= size;
}

async function checkSeed(draw) {
  draw.undrawn = whyUndrawn(draw);
  if (draw.undrawn) return draw.undrawn;
  const bytes = draw.read("seed.txt"), sources = draw.seal.randomness;
  const lines = draw.lines("seed.txt").map((line) => decode(line, "seed.txt"));
  const start = ["SJD-SEED-1", draw.seal.hash, draw.sealed];
  need(start.every((line, i) => lines[i] === line), "seed.txt 与封存不符");
  need(lines.length === start.length + sources.length, "随机值的个数与封存的来源个数不符");
  const values = lines.slice(start.length).map((line, i) => sourceValue(draw, line, sources[i]));
  const names = sources.map((one) => `${one.kind}:${one.locator}`);
  need(new Set(names).size === names.length, "同一个随机来源列了两次");
  draw.values = new Map(names.map((name, i) => [name, values[i]]));
  const missing = values.filter((value) => value === "missing").length;
  need(missing < sources.length, "所有来源都缺失");
  draw.base = await hashFile(draw.seal.hash, bytes);
  draw.seed = draw.hash(`SJD-OBJ-1\n${draw.base}\n`);
  return `${sources.length} 个值，其中缺失 ${missing} 个；种子文件的摘要 ${draw.base}`;
}

function sourceValue(draw, line, { kind, locator, commitment }) {
  const split = line.indexOf("="), value = line.slice(split + 1);
  const named = split >= 0 && line.slice(0, split) === `${kind}:${locator}`;
  need(named && Object.hasOwn(VALUES, kind) && VALUES[kind].test(value), `来源 ${locator} 的次序或值不对`);
  const open = commitment === undefined || value === "missing";
  const kept = open || draw.hash(`SJD-COMMIT-1\n${locator}\n${value}\n`) === commitment;
  need(kept, `${locator} 揭示的密值与承诺不符`);
  return value;
}
