// The draw a third time, from the specification alone (draw.md): one draw a line of JSON on stdin,
// {"pool.tsv", "seal.json", "seed.txt", "evidence"}, the result.json it gives as a line of JSON on stdout.
// It shares nothing with the drawing, with verifier.py, or with the page: plain BigInt, sorted texts.

import { createHash } from "node:crypto";
import { createInterface } from "node:readline";

const hash = (name, ...parts) => {
  const state = createHash(name);
  for (const part of parts) state.update(part);
  return state.digest("hex");
};

function canonical(value) {
  if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return "{" + Object.keys(value).sort().map((key) => JSON.stringify(key) + ":" + canonical(value[key])).join(",") + "}";
}

/** The root as RFC 6962 defines it: split at the largest power of two below the size. */
function root(name, leaves) {
  if (leaves.length === 0) return "0".repeat(64);
  if (leaves.length === 1) return hash(name, "\0", leaves[0]);
  let split = 1;
  while (2 * split < leaves.length) split *= 2;
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)].map((half) => root(name, half));
  return hash(name, "\x01", Buffer.from(left, "hex"), Buffer.from(right, "hex"));
}

function wanted({ mode, size, numerator, denominator }) {
  if (mode !== "ratio") return numerator;
  return Math.floor((size * numerator + denominator - 1) / denominator);
}

function draw({ "pool.tsv": pool, "seal.json": sealText, "seed.txt": seed, evidence }) {
  const seal = JSON.parse(sealText), name = seal.hash, lines = pool.split("\n").slice(0, -1);
  if (root(name, lines) !== seal.pool.root || lines.length !== seal.pool.size) throw new Error("pool");
  const sealed = hash(name, sealText), base = hash(name, seed);
  if (!seed.startsWith(`SJD-SEED-1\n${name}\n${sealed}\n`)) throw new Error("seed");
  const targets = hash(name, `SJD-OBJ-1\n${base}\n`);
  const everybody = lines.map((line) => line.split("\t"));
  const strata = seal.strata.map((stratum) => {
    const { code, size, count, reserves } = stratum;
    const tickets = everybody.filter((fields) => fields[2] === code).map(([, id, , weight]) => {
      const digest = hash(name, targets, id);
      return { id, digest, key: BigInt("0x" + digest.slice(0, 16)) / BigInt(weight) };
    });
    if (tickets.length !== size || wanted(stratum) !== count) throw new Error("stratum " + code);
    const place = (one) => one.key.toString(16).padStart(16, "0") + one.digest + one.id;
    const lowest = tickets.sort((a, b) => (place(a) < place(b) ? -1 : 1)).slice(0, count + reserves)
      .map((one, at) => ({ rank: at + 1, ...one, key: String(one.key) }));
    return { code, size, count, drawn: lowest.slice(0, count), reserves: lowest.slice(count) };
  });
  return canonical({ version: "SJD-1", seal: sealed, base, seed_targets: targets, evidence, strata });
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(JSON.stringify(draw(JSON.parse(line))) + "\n");
}
