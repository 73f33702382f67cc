// The two hashes a seal may name, in script: SM3 (GB/T 32905-2016) is in no browser, and WebCrypto
// is missing from plain http. WebCrypto's SHA-256 serves whole files where it is there; the tickets
// are hashed in script always, since a promise for each of them costs more than the hash itself.

const rol = (x, n) => (x << n) | (x >>> (32 - n));
const words = (text) => Int32Array.from(text.trim().split(/\s+/), (word) => parseInt(word, 16));

const SHA256_K = words(`
  428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5
  d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174
  e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da
  983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967
  27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85
  a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070
  19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3
  748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2`);
const SM3_T = Int32Array.from({ length: 64 }, (_, j) => rol(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32));
const W = new Int32Array(68);

function sha256Block(state, view, at) {
  for (let j = 0; j < 16; j++) W[j] = view.getInt32(at + 4 * j);
  for (let j = 16; j < 64; j++) {
    const x = W[j - 15], y = W[j - 2];
    const one = rol(x, 25) ^ rol(x, 14) ^ (x >>> 3), two = rol(y, 15) ^ rol(y, 13) ^ (y >>> 10);
    W[j] = (W[j - 16] + one + W[j - 7] + two) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let j = 0; j < 64; j++) {
    const ch = (e & f) ^ (~e & g), maj = (a & b) ^ (a & c) ^ (b & c);
    const one = (h + (rol(e, 26) ^ rol(e, 21) ^ rol(e, 7)) + ch + SHA256_K[j] + W[j]) | 0;
    const two = (rol(a, 30) ^ rol(a, 19) ^ rol(a, 10)) + maj;
    h = g; g = f; f = e; e = (d + one) | 0;
    d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

function sm3Block(state, view, at) {
  for (let j = 0; j < 16; j++) W[j] = view.getInt32(at + 4 * j);
  for (let j = 16; j < 68; j++) {
    const x = W[j - 16] ^ W[j - 9] ^ rol(W[j - 3], 15);
    W[j] = x ^ rol(x, 15) ^ rol(x, 23) ^ rol(W[j - 13], 7) ^ W[j - 6];
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let j = 0; j < 64; j++) {
    const turned = rol(a, 12), ss = rol((turned + e + SM3_T[j]) | 0, 7);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const one = (ff + d + (ss ^ turned) + (W[j] ^ W[j + 4])) | 0, two = (gg + h + ss + W[j]) | 0;
    d = c; c = rol(b, 9); b = a; a = one;
    h = g; g = rol(f, 19); f = e; e = two ^ rol(two, 9) ^ rol(two, 17);
  }
  state[0] ^= a; state[1] ^= b; state[2] ^= c; state[3] ^= d;
  state[4] ^= e; state[5] ^= f; state[6] ^= g; state[7] ^= h;
}

const HASHES = {
  sm3: [sm3Block, words("7380166f 4914b2b9 172442d7 da8a0600 a96f30bc 163138aa e38dee4d b0fb0e4e")],
  sha256: [sha256Block, words("6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19")],
};

/** Return a function that writes HASH(prefix ‖ data[from..to]), 32 bytes, to out[at..].
 *  The whole blocks of the prefix are hashed once: a ticket then costs one block. */
function prefixed(name, prefix) {
  const [block, iv] = HASHES[name], start = Int32Array.from(iv), state = new Int32Array(8);
  const whole = prefix.length - (prefix.length % 64), tail = prefix.subarray(whole);
  for (let at = 0; at < whole; at += 64) block(start, viewOf(prefix), at);
  let room = new Uint8Array(256), view = viewOf(room);
  return (data, from, to, out, at) => {
    const length = tail.length + to - from, padded = (length + 72) & ~63;
    if (padded > room.length) { room = new Uint8Array(padded); view = viewOf(room); }
    room.set(tail);
    for (let i = from, j = tail.length; i < to; i++, j++) room[j] = data[i];
    room.fill(0, length, padded);
    room[length] = 0x80;
    view.setUint32(padded - 8, Math.floor((whole + length) / 2 ** 29));
    view.setUint32(padded - 4, (whole + length) * 8);
    state.set(start);
    for (let i = 0; i < padded; i += 64) block(state, view, i);
    for (let i = 0; i < 32; i++) out[at + i] = state[i >> 2] >>> (24 - 8 * (i & 3));
  };
}

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const utf8 = (text) => new TextEncoder().encode(text);
const hex = (bytes, from = 0) => {
  let text = "";
  for (let i = from; i < from + 32; i++) text += bytes[i].toString(16).padStart(2, "0");
  return text;
};
const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

/** Return HASH(data) as 64 hex characters; data is a text or bytes. */
function hashHex(name, data) {
  const bytes = typeof data === "string" ? utf8(data) : data, out = new Uint8Array(32);
  prefixed(name, new Uint8Array(0))(bytes, 0, bytes.length, out, 0);
  return hex(out);
}

/** The same of a whole file; by the browser's own SHA-256 where this page may use it. */
async function hashFile(name, bytes) {
  const own = name === "sha256" && globalThis.crypto?.subtle;
  return own ? hex(new Uint8Array(await own.digest("SHA-256", bytes))) : hashHex(name, bytes);
}
