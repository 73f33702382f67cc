// 查我的签: what became of one business, in facts that anybody can recompute with a shell.

/** Return the id under which a code is drawn; the spelling of draw.md, "Id". */
function canonicalId(text, hashName) {
  if (/^H:[0-9a-f]{40}$/.test(text.trim())) return text.trim(); // already an id, copied from a list
  const plain = trimmed(text.normalize("NFKC")).toUpperCase();
  if (/^[0-9A-Z._:-]{1,55}$/.test(plain)) return plain;
  const whole = trimmed(text.normalize("NFC"));
  return plain && whole ? `H:${hashHex(hashName, whole).slice(0, 40)}` : "";
}

/** Trim as Python does: JavaScript takes U+FEFF for a space, and not the separators 1C to 1F, 85. */
function trimmed(text) {
  const space = "(?:(?!\\uFEFF)[\\s\\x1c-\\x1f\\x85])+";
  return text.replace(new RegExp(`^${space}|${space}$`, "g"), "");
}

/** Return what is known of an id: {id, inPool, stratum, weight, list, rank, digest, key, least, command,
 *  wrong}. `slip` is the business's own line, where the pool is withheld; `wrong` says that it and
 *  the lists do not agree. */
function findTicket(draw, id, slip) {
  const known = draw.withheld ? fromLists(draw, id, slip) : fromPool(draw, id);
  const found = { id, ...known };
  if (!draw.seed) return found;
  const tool = { sha256: "sha256sum", sm3: "openssl dgst -sm3" }[draw.seal.hash];
  found.digest = draw.hash(draw.seed + id);
  found.command = `printf %s%s ${draw.seed} ${id} | ${tool}`;
  if (!found.weight) return found;
  found.key = String(BigInt(`0x${found.digest.slice(0, 16)}`) / BigInt(found.weight));
  const listed = draw.strata?.find((one) => one.code === found.stratum);
  found.least = listed?.drawn.at(-1)?.key;
  found.wrong = Boolean(listed) && isMislaid(found, known, [...listed.drawn, ...listed.reserves]);
  return found;
}

/** Whether a ticket stands in the lists with another key, or is missing though low enough. */
function isMislaid(found, known, tickets) {
  if (known.list) return found.key !== known.key;
  return tickets.length > 0 && isLower(found, tickets.at(-1));
}

/** Find an id in pool.tsv by halving: its lines are sorted. */
function fromPool(draw, id) {
  const { pool } = draw;
  let low = 0, high = pool.weight.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (idOf(pool, middle) < id) low = middle + 1; else high = middle;
  }
  if (low === pool.weight.length || idOf(pool, low) !== id) return { inPool: false };
  const stratum = [...pool.strata].find(([, members]) => members.includes(low))[0];
  return { inPool: true, index: low, stratum, weight: pool.weight[low], ...listing(draw, id) };
}

/** Find an id in the lists of the result, or by its slip. */
function fromLists(draw, id, slip) {
  const listed = listing(draw, id);
  if (slip?.id === id) return { inPool: true, ...listed, ...slip };
  return listed.list ? { inPool: true, ...listed } : { inPool: null };
}

/** Where an id stands in the result: {list: "drawn" | "reserves", rank, stratum}, or nothing. */
function listing(draw, id) {
  for (const one of draw.strata ?? []) {
    for (const list of ["drawn", "reserves"]) {
      const ticket = one[list].find((each) => each.id === id);
      if (ticket) return { list, rank: ticket.rank, stratum: one.code, key: ticket.key };
    }
  }
  return {};
}

const ASK_SLIP = "这次的名单没有全部公开：要看它是否在待抽库中，请放入它自己的凭条（编号.proof.json）。";

/** Say it in one sentence. */
function verdict(draw, found) {
  const { id, inPool, list, rank, stratum } = found;
  if (found.wrong) return `${id} 的签与公布的名单不符，请凭此向联席会议办公室提出。`;
  if (inPool === false) return `${id} 不在这次的待抽库中，没有参加抽取。`;
  if (draw.undrawn) {
    const after = draw.undrawn === VOIDED ? "抽取之前已作废" : "尚未抽取";
    return inPool ? `${id} 在待抽库中（第 ${found.index + 1} 行，${stratum} 层），${after}。` : `${ASK_SLIP}${after}。`;
  }
  if (!draw.strata) return "种子或名单没有通过核验，无法判断。";
  const out = draw.replaced?.get(id), came = [...draw.replaced?.values() ?? []].includes(id);
  const later = `${came ? "后来递补入选。" : ""}${out ? `后来由 ${out} 递补。` : ""}`;
  if (list === "drawn") return `${id} 被抽中：${stratum} 层第 ${rank} 位。${later}`;
  if (list === "reserves") return `${id} 没有被抽中，是 ${stratum} 层的备选，排在第 ${rank} 位。${later}`;
  if (inPool) return `${id} 在待抽库中，没有被抽中，也不是备选。`;
  return `${id} 不在抽中和备选名单中。${ASK_SLIP}`;
}
