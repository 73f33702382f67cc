// Search in the files of the site itself: nothing is asked of any server, nothing is sent anywhere.
// The index is loaded as scripts, so that it works from plain files, too. See blocks/public_site/search.py.
"use strict";
(() => {
  const SHARDS = 1024, STRETCH = 256, SHOWN = 20, TRIED = 400;
  const waiting = new Map(), kept = new Map();
  window.choucha = {
    grams: (number, told) => kept.set(`g/${number}`, told),
    businesses: (number, told) => kept.set(`b/${number}`, told),
  };

  function load(name) {
    if (!waiting.has(name)) {
      waiting.set(name, new Promise((done) => {
        const script = document.createElement("script");
        script.src = `search/${name}.js`;
        script.onload = () => done(kept.get(name) || {});
        script.onerror = () => { waiting.delete(name); done({}); };
        document.head.append(script);
      }));
    }
    return waiting.get(name);
  }

  function plain(text) {
    return [...text.normalize("NFKC").toUpperCase()].filter((c) => /[\p{L}\p{N}]/u.test(c)).join("");
  }

  function pairs(text) {
    const characters = [...text];
    return [...new Set(characters.slice(1).map((c, at) => characters[at] + c))];
  }

  function shard(gram) {
    let number = 0;
    for (const character of gram) number = (number * 31 + character.codePointAt(0)) % 65521;
    return number % SHARDS;
  }

  function unpacked(text) {
    let number = 0;
    return text.split(" ").map((difference) => (number += parseInt(difference, 36)));
  }

  async function postings(gram) {
    const told = (await load(`g/${shard(gram)}`))[gram];
    if (!told) return {total: 0, numbers: []};
    const numbers = unpacked(told[1]);
    return {total: told[0], numbers, whole: told[0] === numbers.length};
  }

  // Those that may match: in every pair that is kept whole, else the first ones of the rarest.
  async function candidates(grams) {
    const lists = (await Promise.all(grams.map(postings))).sort((a, b) => a.total - b.total);
    if (!lists.length || !lists[0].total) return {numbers: [], whole: true};
    const [first, ...others] = lists;
    const sets = others.filter((one) => one.whole).map((one) => new Set(one.numbers));
    return {numbers: first.numbers.filter((n) => sets.every((set) => set.has(n))), whole: first.whole};
  }

  async function look(words) {
    const wanted = plain(words), isCode = /^[0-9A-Z]{15,18}$/.test(wanted);
    const grams = isCode ? ["#" + wanted.slice(10, 16)] : pairs(wanted);
    const {numbers, whole} = await candidates(grams);
    const found = [];
    let at = 0;
    while (at < numbers.length && at < TRIED && found.length <= SHOWN) {
      const some = numbers.slice(at, at += SHOWN);
      const rows = await Promise.all(some.map(async (n) =>
        (await load(`b/${Math.floor(n / STRETCH)}`))[n % STRETCH]));
      found.push(...rows.filter((row) => row && (isCode ? row[0] === wanted :
        row.slice(1).some((name) => plain(name).includes(wanted)))));
    }
    return {found: found.slice(0, SHOWN), more: found.length > SHOWN || at < numbers.length || !whole};
  }

  function path(code) {
    return `businesses/${code.slice(13, 16)}/${code}.html`;
  }

  function show({found, more}, list, words) {
    list.replaceChildren(...found.map(([code, name, ...former]) => {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = path(code);
      link.textContent = name;
      item.append(link, ` ${code}`);
      if (former.length) item.append(`（曾用名：${former.join("、")}）`);
      return item;
    }));
    if (!found.length) {
      return `没有找到“${words}”。可能还没有被抽查，或者结果还没有公示；请核对名称或者代码。`;
    }
    return `找到${found.length}家${more ? "，还有更多，请再多打几个字" : ""}。`;
  }

  const form = document.getElementById("search"), box = document.getElementById("words");
  const heard = document.getElementById("heard"), list = document.getElementById("found");
  let asked = 0;

  async function ask() {
    const words = box.value.trim(), mine = ++asked;
    list.replaceChildren();
    if ([...plain(words)].length < 2) {
      heard.textContent = words ? "请至少输入两个字。" : "";
      return;
    }
    heard.textContent = "正在查找……";
    const answer = await look(words);
    if (mine === asked) heard.textContent = show(answer, list, words);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    history.replaceState(null, "", `#words=${encodeURIComponent(box.value.trim())}`);
    ask();
  });
  const given = /^#words=(.+)$/.exec(location.hash);
  if (given) {
    box.value = decodeURIComponent(given[1]);
    ask();
  }
})();
