// The files of one draw, read as strictly as blocks/draw/verifier.py reads them, every byte counting.
// The checks that follow stand in its order and under its names, written anew from the specification;
// nothing before page.js touches the page.

const ZERO = "0".repeat(64), HEX = /^[0-9a-f]{64}$/, TIME = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ$/;

/** What a check found wrong, in words for people. */
class Wrong extends Error {}
const need = (holds, wrong) => { if (!holds) throw new Wrong(wrong); };
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isText = (value) => typeof value === "string";
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Read UTF-8 strictly; a BOM stays where it is and is then found wrong by whoever reads on. */
function decode(bytes, name) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Wrong(`${name} 不是 UTF-8 文本`);
  }
}

/** Write a value as RFC 8785 does: sorted keys, no spaces. */
function written(value) {
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const pairs = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${written(value[key])}`);
  return `{${pairs.join(",")}}`;
}

/** Read JSON in its one canonical form, of texts and whole numbers and nothing else. */
function canonical(bytes, name) {
  const text = decode(bytes, name);
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, "");
  need(!/[^\][{}:,0-9]|[0-9]{17}/.test(bare), `${name} 里只应有文本和非负整数`);
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Wrong(`${name} 不是 JSON，可能没有下载完整`);
  }
  need(isObject(found) && written(found) === text, `${name} 不是规范 JSON，可能被改动或另存过`);
  return found;
}

/** Take `count` steps and let the page breathe: no slice is longer than some 30 ms. */
async function inSlices(count, step, tell) {
  let until = performance.now() + 30;
  for (let i = 0; i < count; i++) {
    step(i);
    if ((i & 127) === 127 && performance.now() > until) {
      tell(i, count);
      await new Promise((resume) => { // not setTimeout: a tab in the background gets one a second
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => { port1.close(); resume(); };
        port2.postMessage(0);
      });
      until = performance.now() + 30;
    }
  }
}

/** One draw: its files, bytes by name, and what the checks so far have found in them. */
class Draw {
  constructor(files, tell = () => {}) {
    Object.assign(this, { files, tell });
    this.withheld = files.has("leaves.txt") && !files.has("pool.tsv");
  }

  read(name) {
    need(this.files.has(name), `缺少 ${name}`);
    const bytes = this.files.get(name);
    const saved = bytes.includes(13) || (bytes[0] === 0xef && bytes[1] === 0xbb);
    need(!saved, `${name} 被编辑器另存过（多了 BOM 或 Windows 换行），请重新下载`);
    return bytes;
  }

  /** Return where each line of a file begins, and, last, where the file ends. */
  starts(name) {
    const bytes = this.read(name), starts = [0];
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1);
    need(starts.at(-1) === bytes.length, `${name} 最后一行不完整`);
    return starts;
  }

  lines(name) {
    const bytes = this.read(name), starts = this.starts(name);
    return starts.slice(1).map((end, i) => bytes.subarray(starts[i], end - 1));
  }

  hash(data) { return hashHex(this.seal.hash, data); }
}
