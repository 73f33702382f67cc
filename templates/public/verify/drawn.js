// Checks 5 and 6: the tickets drawn again, and the reserves that stepped in.

/** Draw every ticket of the pool again: digests (32 bytes each) and keys, as two words of 32 bits.
 *  A key is U // weight with U < 2^64. With r = hi % weight < 2^16, r·2^32 + lo stays below 2^48, so
 *  both divisions are exact in doubles, and BigInt is needed only to write a key down. */
async function drawTickets(draw) {
  const { data, starts, idEnd, weight } = draw.pool, size = weight.length;
  const ticket = prefixed(draw.seal.hash, utf8(draw.seed));
  const tickets = { digest: new Uint8Array(32 * size), hi: new Uint32Array(size), lo: new Uint32Array(size) };
  const view = viewOf(tickets.digest);
  await inSlices(size, (i) => {
    ticket(data, starts[i] + 5, idEnd[i], tickets.digest, 32 * i);
    const hi = view.getUint32(32 * i), by = weight[i];
    tickets.hi[i] = Math.floor(hi / by);
    tickets.lo[i] = Math.floor(((hi % by) * 2 ** 32 + view.getUint32(32 * i + 4)) / by);
  }, draw.tell);
  return tickets;
}

/** Return the members of a stratum by (key, digest, id). The pool is sorted by id, so is `members`. */
function inOrder(members, { digest, hi, lo }) {
  const byDigest = (x, y) => {
    for (let i = 0; i < 32; i++) {
      if (digest[32 * x + i] !== digest[32 * y + i]) return digest[32 * x + i] - digest[32 * y + i];
    }
    return x - y;
  };
  return Uint32Array.from(members).sort((x, y) => hi[x] - hi[y] || lo[x] - lo[y] || byDigest(x, y));
}

const idOf = ({ data, starts, idEnd }, i) => decode(data.subarray(starts[i] + 5, idEnd[i]), "pool.tsv");
const keyOf = ({ hi, lo }, i) => (BigInt(hi[i]) << 32n) | BigInt(lo[i]);

/** Return the strata as result.json must show them. */
function drawnStrata(draw) {
  const { pool, tickets } = draw;
  return draw.seal.strata.map(({ code, size, count, reserves }) => {
    const lowest = inOrder(pool.strata.get(code) ?? [], tickets).subarray(0, count + reserves);
    const ranked = Array.from(lowest, (i, place) => ({
      rank: place + 1, id: idOf(pool, i), digest: hex(tickets.digest, 32 * i), key: String(keyOf(tickets, i)),
    }));
    return { code, size, count, drawn: ranked.slice(0, count), reserves: ranked.slice(count) };
  });
}

async function checkResult(draw) {
  if (draw.undrawn) return draw.undrawn;
  const result = draw.result = canonical(draw.read("result.json"), "result.json");
  need(draw.seed, "种子不成立，无法重新抽取");
  if (!draw.withheld) draw.tickets = await drawTickets(draw);
  draw.strata = draw.withheld ? listedStrata(draw) : drawnStrata(draw);
  const signed = signedValues(draw, result.evidence);
  const right = {
    version: "SJD-1", seal: draw.sealed, base: draw.base, seed_targets: draw.seed,
    evidence: result.evidence, strata: draw.strata,
  };
  need(written(result) === written(right), `result.json 与重新计算的不符${whereDifferent(result, right)}`);
  const count = draw.strata.reduce((sum, one) => sum + one.count, 0);
  const how = draw.withheld ? "名单所列各签重算一致" : "逐签重算一致";
  const note = signed ? `；${signed} 个值与签名相符（签名须另行核验）` : "";
  return `抽中 ${count} 户，${how}；种子 ${draw.seed}${note}`;
}

/** A drand round's value is the SHA-256 of its signature; return how many are shown to be. */
function signedValues(draw, evidence) {
  need(Array.isArray(evidence) && evidence.every(isObject), "随机值的依据写法不对");
  const signed = evidence.filter((one) => "signature" in one);
  for (const { locator, signature } of signed) {
    const fit = /^([0-9a-f]{2})+$/.test(signature) && hashHex("sha256", unhex(signature));
    need(fit === draw.values.get(`drand:${locator}`), `${locator} 的值不是其签名的 SHA-256`);
  }
  return signed.length;
}

/** Say where a result differs from the right one, as far as that can be said in few words. */
function whereDifferent(result, right) {
  for (const [i, one] of right.strata.entries()) {
    const theirs = result.strata?.[i], listed = [...(theirs?.drawn ?? []), ...(theirs?.reserves ?? [])];
    for (const [place, ticket] of [...one.drawn, ...one.reserves].entries()) {
      if (written(listed[place] ?? null) === written(ticket)) continue;
      return `：层 ${one.code} 第 ${ticket.rank} 位应为 ${ticket.id}，文件写的是 ${listed[place]?.id ?? "空"}`;
    }
  }
  const keys = Object.keys(right).filter((key) => written(result[key] ?? null) !== written(right[key]));
  return keys.length ? `：${keys.join("、")}` : "";
}

function checkReplacements(draw) {
  if (draw.undrawn) return draw.undrawn;
  const name = "replacements.jsonl", lines = draw.files.has(name) ? draw.lines(name) : [];
  draw.replaced = new Map();
  const strata = draw.result.strata.map(({ drawn, reserves }) => ({
    waiting: [...reserves], into: new Map(drawn.map((one) => [one.id, one.rank])),
  }));
  lines.map((line) => canonical(line, name)).forEach((line, i) => {
    const found = strata.find(({ into }) => into.has(line.id_out));
    need(found?.waiting.length, `第 ${i + 1} 行：不在名单，或备选已用完`);
    const after = found.waiting.shift(), rank = found.into.get(line.id_out);
    const right = { rank_out: rank, rank_in: after.rank, id_in: after.id };
    const fit = written(line) === written({ ...line, ...right }) && Object.keys(line).length === 6;
    need(fit && line.reason.trim() && TIME.test(line.at), `第 ${i + 1} 行的次序、理由或时间不对`);
    found.into.delete(line.id_out);
    found.into.set(after.id, after.rank);
    draw.replaced.set(line.id_out, after.id);
  });
  return `${lines.length} 次，均按备选次序`;
}
