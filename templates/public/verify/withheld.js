// A draw whose pool is not published: each line ends in a secret salt, and only its leaf hash is
// public (leaves.txt). A business has its own line as a slip, `<id>.proof.json`, and can show by it
// that it was in the pool; that the strata were counted rightly only a supervisor can see.

/** Return leaves.txt as bytes, 32 a leaf. */
function givenLeaves(draw) {
  const lines = draw.lines("leaves.txt"), leaves = new Uint8Array(32 * lines.length);
  lines.forEach((line, i) => {
    const text = decode(line, "leaves.txt");
    need(HEX.test(text), `leaves.txt 第 ${i + 1} 行不是杂凑值`);
    leaves.set(unhex(text), 32 * i);
  });
  draw.leaves = leaves;
  return leaves;
}

/** Return the strata of result.json once their tickets hold by themselves: digest from seed and id,
 *  a key that some lawful weight gives, order, ranks, counts, nobody twice. */
function listedStrata(draw) {
  const seen = new Set(), { strata } = draw.result;
  need(Array.isArray(strata) && strata.length === draw.seal.strata.length, "result.json 的层与封存不符");
  return draw.seal.strata.map(({ code, mode, size, count, reserves }, i) => {
    const { drawn, reserves: after } = strata[i], listed = [...drawn, ...after];
    need(drawn.length === count && after.length === reserves, `层 ${code} 的抽中数或备选数与封存不符`);
    const again = listed.map((one, place) => {
      need(new RegExp(`^(?:${ID})$`).test(one.id) && !seen.has(one.id), `${one.id} 重复或写法不对`);
      seen.add(one.id);
      const digest = draw.hash(draw.seed + one.id), U = BigInt(`0x${digest.slice(0, 16)}`);
      need(mayBeKey(one.key, U, mode), `层 ${code} 中 ${one.id} 的签值与其杂凑值不符`);
      return { rank: place + 1, id: one.id, digest, key: one.key };
    });
    const ordered = again.every((one, place) => !place || isLower(again[place - 1], one));
    need(ordered, `层 ${code} 的签没有按次序排列`);
    return { code, size, count, drawn: again.slice(0, count), reserves: again.slice(count) };
  });
}

/** Whether key = U // w for a weight w of 1 to 65535; of 1 alone where nothing is weighted. */
function mayBeKey(text, U, mode) {
  if (typeof text !== "string" || !/^(0|[1-9][0-9]{0,19})$/.test(text)) return false;
  const key = BigInt(text);
  if (mode !== "weighted") return key === U;
  const least = U / (key + 1n) + 1n; // the first w with U // w <= key
  return least <= 65535n && U / least === key;
}

/** Whether ticket a stands before b: by key, then digest, then id. */
function isLower(a, b) {
  const [x, y] = [BigInt(a.key), BigInt(b.key)];
  return x < y || (x === y && (a.digest < b.digest || (a.digest === b.digest && a.id < b.id)));
}

/** Check a business's slip against the seal, and return its line: {id, stratum, weight}. */
function checkSlip(draw, bytes, name) {
  const slip = canonical(bytes, name);
  need(slip.version === "SJD-1" && slip.seal === draw.sealed, `${name} 不是这次抽取的凭条`);
  const fit = LINE.exec(slip.line);
  need(fit && Number(fit[3]) < 65536, `${name} 中的名单行写法不对`);
  const leaf = new Uint8Array(32), line = utf8(slip.line), [id, stratum] = fit.slice(1, 3);
  prefixed(draw.seal.hash, Uint8Array.of(0))(line, 0, line.length, leaf, 0);
  const { root, size } = draw.seal.pool, inside = isCount(slip.index) && slip.index < size;
  need(inside && climb(draw, leaf, slip, size) === root, `${name} 不能归到封存的根值，名单行可能被改动`);
  const given = draw.leaves && hex(draw.leaves, 32 * slip.index);
  need(!given || given === hex(leaf), `${name} 与 leaves.txt 第 ${slip.index + 1} 行不符`);
  return { id, stratum, weight: Number(fit[3]), index: slip.index };
}

/** Return the root to which a slip's proof leads; its sides must be those of its place in the tree. */
function climb(draw, leaf, { index, proof }, size) {
  const node = prefixed(draw.seal.hash, Uint8Array.of(1)), left = [...proof], pair = new Uint8Array(64);
  let here = leaf;
  for (; size > 1; index >>= 1, size = (size + 1) >> 1) {
    if (index % 2 === 0 && index + 1 === size) continue; // odd: promoted, no sibling
    const [side, sibling] = left.shift() ?? [];
    if (side !== (index % 2 ? "left" : "right") || !HEX.test(sibling)) return null;
    pair.set(here, side === "left" ? 32 : 0);
    pair.set(unhex(sibling), side === "left" ? 0 : 32);
    node(pair, 0, 64, here = new Uint8Array(32), 0);
  }
  return left.length ? null : hex(here);
}
