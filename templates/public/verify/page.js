// The page: where the files come from, what is shown, and 查我的签.

const WORDS = { wait: "未开始", run: "正在核验", pass: "通过", fail: "不通过", skip: "未核验" };
const NAMES = ["seal.json", "pool.tsv", "leaves.txt", "seed.txt", "result.json", "replacements.jsonl", "void.json", "chain.jsonl"];
const onSite = location.protocol.startsWith("http");
const $ = (id) => document.getElementById(id);
const page = { given: new Map(), slip: null, draw: null, known: null, taken: Promise.resolve() };

function make(tag, className, text = "") {
  const made = Object.assign(document.createElement(tag), { className });
  made.textContent = text;
  return made;
}

// ---- files

/** Fetch one file beside this page; null where there is none. */
async function fetchFile(name) {
  const answer = await fetch(name, { cache: "no-store" });
  if (answer.status === 404 || answer.status === 410) return null;
  if (!answer.ok) throw new Error(`${name}：服务器回答 ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

async function fetchAll() {
  const files = new Map();
  await Promise.all(NAMES.filter((name) => name !== "leaves.txt").map(async (name) => {
    const bytes = await fetchFile(name) ?? (name === "chain.jsonl" ? await fetchFile(`../${name}`) : null);
    if (bytes) files.set(name, bytes);
  }));
  const leaves = files.has("pool.tsv") ? null : await fetchFile("leaves.txt");
  return leaves ? files.set("leaves.txt", leaves) : files;
}

/** Take files from a drop or the input: of a draw, or a business's slip. */
async function take(list) {
  const odd = [];
  for (const file of list) {
    const name = file.name.replace(/ ?\(\d+\)(?=\.)/, ""); // a second download is called seal (1).json
    const bytes = await file.arrayBuffer().then((buffer) => new Uint8Array(buffer), () => null);
    if (bytes && NAMES.includes(name)) page.given.set(name, bytes);
    else if (bytes && name.endsWith(".proof.json")) page.slip = { name, bytes };
    else odd.push(file.name); // a folder among them
  }
  showFiles(odd);
  if (page.slip && page.draw && !$("mine").hidden) readSlip();
}

/** Take them after those before; whoever presses the button meanwhile waits for all. */
function receive(list) {
  const files = [...list]; // the list empties itself when its event is over
  page.taken = page.taken.then(() => take(files));
}

function showFiles(odd = []) {
  const names = [...page.given.keys()], list = $("files");
  const size = (bytes) => bytes.length < 1024 ? `${bytes.length} 字节` : `${Math.ceil(bytes.length / 1024).toLocaleString()} KB`;
  list.replaceChildren(...NAMES.filter((name) => page.given.has(name))
    .map((name) => make("li", "", `${name}（${size(page.given.get(name))}）`)));
  if (page.slip) list.append(make("li", "", `${page.slip.name}（凭条）`));
  if (odd.length) list.append(make("li", "", `没有用到：${odd.join("、")}`));
  $("again").hidden = !(onSite && names.length);
  $("source").textContent = names.length ? `使用您放入的 ${names.length} 个文件`
    : onSite ? "使用本网站上同一文件夹里的文件" : "请先放入这次抽取的文件";
}

// ---- checks

function showChecks() {
  $("checks").replaceChildren(...CHECKS.map(([name, meaning], i) => {
    const item = make("li"), title = make("span", "name", name);
    title.append(make("small", "", meaning));
    item.append(make("span", "number", i + 1), title, make("span", "word"), make("span", "detail"));
    item.dataset.state = "wait";
    item.querySelector(".word").textContent = WORDS.wait;
    return item;
  }));
}

function report(number, state, detail) {
  const item = $("checks").children[number - 1];
  item.dataset.state = state;
  item.querySelector(".word").textContent = WORDS[state];
  item.querySelector(".detail").textContent = detail;
  item.querySelector("progress")?.remove();
  $("heard").textContent = state === "run" ? "" : `第 ${number} 项 ${CHECKS[number - 1][0]}：${WORDS[state]}`;
  page.running = item;
}

/** Progress of the check that runs; a small pool is done before it is ever asked. */
function tell(done, whole) {
  const bar = page.running.querySelector("progress") ?? page.running.appendChild(document.createElement("progress"));
  Object.assign(bar, { max: whole, value: done });
  bar.setAttribute("aria-label", "进度");
  page.running.querySelector(".word").textContent = `${Math.floor((100 * done) / whole)}%`;
}

async function start() {
  $("start").disabled = true;
  $("start").textContent = "正在核验……";
  showChecks();
  $("facts").replaceChildren();
  for (const id of ["says", "voided", "verdict"]) say(id, "", "");
  try {
    page.draw = page.known = null;
    await page.taken;
    const files = page.given.size || !onSite ? new Map(page.given) : await fetchAll();
    if (files.size) await run(files);
    else say("says", "soon", onSite ? "这个文件夹里没有抽取文件。" : "还没有文件。请把这次抽取的文件放到上面的框里，再开始核验。");
  } catch (why) {
    say("says", "bad", `文件没有取全（${why.message}），没有核验。请稍后再试，或下载后放入本页。`);
  }
  $("start").disabled = false;
  $("start").textContent = "重新核验";
}

async function run(files) {
  const draw = page.draw = await verify(files, report, tell);
  const reason = voidReason(files);
  if (reason) say("voided", "soon", `本次抽取已作废，理由：${reason}`);
  const [tone, sentence] = conclusion(draw);
  say("says", tone, sentence);
  $("mine").hidden = draw.failed.some((number) => number <= 2);
  if (page.slip && !$("mine").hidden) readSlip();
}

function say(id, tone, text) {
  $(id).dataset.tone = tone;
  $(id).textContent = text;
}

function voidReason(files) {
  try {
    return files.has("void.json") ? String(canonical(files.get("void.json"), "void.json").reason) : "";
  } catch {
    return "void.json 无法读取";
  }
}

/** The sentence that a person can repeat. */
function conclusion({ failed, seal, sealed, undrawn, strata, files, withheld }) {
  if (failed.length) {
    const named = failed.map((number) => `${number} ${CHECKS[number - 1][0]}`).join("、");
    return ["bad", `有 ${failed.length} 项不通过（${named}）。请先重新下载文件再核验一次；仍不通过的，请向牵头部门或联席会议办公室提出。`];
  }
  const which = `${seal.scheme} 第 ${seal.draw_number} 次抽取`;
  const print = `封存摘要（${seal.hash === "sm3" ? "SM3" : "SHA-256"}）${sealed.match(/.{4}/g).slice(0, 4).join(" ")} …`;
  if (undrawn.startsWith(NOT_YET)) return ["soon", `${which}：${seal.pool.size} 户的名单已经封存，尚无结果。${print}`];
  if (undrawn) return ["soon", `${which}：${seal.pool.size} 户的名单封存后，在抽取之前作废。${print}`];
  const count = strata.reduce((sum, one) => sum + one.count, 0);
  const gaps = (files.has("chain.jsonl") ? "" : "没有放入 chain.jsonl，未核对全市抽取链。")
    + (withheld ? "名单没有全部公开，户数须由监督人员核对。" : "");
  return ["good", `${which}：先封存、后产生随机值，从 ${seal.pool.size} 户中抽出 ${count} 户，逐项重算一致。${gaps}${print}`];
}

// ---- 查我的签

function readSlip() {
  try {
    page.known = checkSlip(page.draw, page.slip.bytes, page.slip.name);
    $("code").value = page.known.id;
    look(page.known.id);
  } catch (why) {
    page.known = null;
    say("verdict", "bad", why instanceof Wrong ? why.message : `${page.slip.name} 的写法不对`);
  }
}

function look(text) {
  const { draw } = page, id = canonicalId(text, draw.seal.hash);
  $("facts").replaceChildren();
  if (!id) return say("verdict", "soon", "请输入统一社会信用代码或名单中的编号。");
  const found = findTicket(draw, id, page.known);
  say("verdict", found.wrong ? "bad" : found.list === "drawn" ? "good" : "plain", verdict(draw, found));
  const place = found.index >= 0 ? `第 ${found.index + 1} 行，${found.stratum} 层，权重 ${found.weight}` : "";
  const facts = [["编号", id], ["在待抽库", place], ["签（杂凑值）", found.digest],
    ["签值", found.key], ["抽中的线", found.least && `${found.least}（${found.stratum} 层最后一个抽中者的签值，越小越先）`]];
  const list = make("dl");
  for (const [name, value] of facts.filter(([, value]) => value)) list.append(make("dt", "", name), make("dd", "", value));
  $("facts").append(list);
  if (found.command) $("facts").append(make("p", "", "任何人都可以自己算这个杂凑值："), make("pre", "", found.command));
}

// ---- wiring

showChecks();
showFiles();
$("local").open = !onSite;
document.body.classList.toggle("offline", !onSite);
$("start").addEventListener("click", start);
$("again").addEventListener("click", () => { page.given.clear(); $("choose").value = ""; showFiles(); });
$("choose").addEventListener("change", (event) => receive(event.target.files));
$("search").addEventListener("submit", (event) => { event.preventDefault(); look($("code").value); });
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") { $("local").open = true; receive(event.dataTransfer.files); }
  });
}
