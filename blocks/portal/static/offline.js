// What is typed into a long form, photos too, is kept in this browser until the portal has taken it.
// Without a network it is sent later: its key stays the same, so that it is carried out exactly once.
"use strict";
(() => {
  const HIDDEN = ["csrf", "once", "shown", "from"];
  const WAIT = 4000; // ms between looks for the network
  const login = document.body.dataset.login;
  if (!login || !window.indexedDB) return;

  const opened = new Promise((done, failed) => {
    const asked = indexedDB.open("choucha", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("drafts", { keyPath: "key" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const stored = async (way, work) => {
    const base = await opened;
    return new Promise((done, failed) => {
      const asked = work(base.transaction("drafts", way).objectStore("drafts"));
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
  };
  const keep = (draft) => stored("readwrite", (drafts) => drafts.put(draft));
  const forget = (key) => stored("readwrite", (drafts) => drafts.delete(key));
  const mine = async () => (await stored("readonly", (drafts) => drafts.getAll())).filter((one) => one.login === login);

  const reached = async () => {
    const hurry = new AbortController();
    const timer = setTimeout(() => hurry.abort(), WAIT);
    try {
      return (await fetch(`/static/portal.css?${Date.now()}`, { method: "HEAD", cache: "no-store", signal: hurry.signal })).ok;
    } catch { return false; } finally { clearTimeout(timer); }
  };

  const say = (form, text) => { const place = form?.querySelector("[data-saved]"); if (place) place.textContent = text; };
  const draftOf = (form, unsent) => ({
    key: form.dataset.draft, login, unsent, action: form.getAttribute("action"), page: location.pathname,
    about: document.querySelector("h1")?.textContent ?? "", entries: [...new FormData(form)],
  });
  const field = (form, name) => form.elements.namedItem(name);
  const restore = (form, draft, filesOnly) => {
    const files = new Map();
    for (const [name, value] of draft.entries) {
      if (HIDDEN.includes(name)) continue;
      if (value instanceof File) { if (value.size) files.set(name, [...(files.get(name) ?? []), value]); continue; }
      if (filesOnly) continue;
      const found = field(form, name);
      for (const one of found instanceof RadioNodeList ? found : [found]) {
        if (!one) continue;
        if (one.type === "radio" || one.type === "checkbox") { if (one.value === value) one.checked = true; }
        else if (value) one.value = value;
      }
    }
    for (const [name, list] of files) {
      const input = field(form, name);
      if (!input) continue;
      const all = new DataTransfer();
      for (const one of list) all.items.add(one);
      input.files = all.files;
    }
  };

  // hand a kept form to the browser, with the token of the present session
  const send = (draft) => {
    const form = Object.assign(document.createElement("form"), { method: "post", action: draft.action, enctype: "multipart/form-data", hidden: true });
    const csrf = document.querySelector("input[name=csrf]")?.value ?? document.body.dataset.csrf;
    for (const [name, value] of draft.entries) {
      const input = document.createElement("input");
      input.name = name;
      if (value instanceof File) {
        input.type = "file";
        const all = new DataTransfer();
        if (value.size) all.items.add(value);
        input.files = all.files;
      } else { input.type = "hidden"; input.value = name === "csrf" ? csrf : value; }
      form.append(input);
    }
    document.body.append(form);
    form.submit();
  };
  const bar = (text) => {
    let place = document.getElementById("unsent");
    if (!place) {
      place = Object.assign(document.createElement("div"), { id: "unsent", className: "told soon" });
      place.setAttribute("role", "status");
      document.querySelector("main").prepend(place);
    }
    place.textContent = text;
  };
  let sending = false;
  const sendUnsent = async () => {
    const [draft] = (await mine()).filter((one) => one.unsent);
    if (!draft || sending) return;
    bar(`有一份没有发出的记录（${draft.about}），存在本机；网络恢复后自动发送，请不要关闭本页。`);
    if (!(await reached())) return;
    sending = true;
    await keep({ ...draft, unsent: false }); // the page that follows tells how it went
    send(draft);
  };

  const begin = async () => {
    const done = new URLSearchParams(location.search).get("done");
    for (const one of await mine()) {
      if (done && one.entries.some(([name, value]) => name === "once" && value === done)) await forget(one.key);
    }
    const refused = document.querySelector(".told.wrong");
    const drafts = await mine();
    for (const form of document.querySelectorAll("form[data-draft]")) {
      const draft = drafts.find((one) => one.key === form.dataset.draft);
      if (draft) {
        restore(form, draft, Boolean(refused));
        if (!draft.unsent) say(form, "已恢复上次没有提交的内容");
      }
      let last;
      form.addEventListener("input", () => {
        clearTimeout(last);
        last = setTimeout(async () => { await keep(draftOf(form, false)); say(form, "已存在本机，尚未提交"); }, 300);
      });
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (form.dataset.handing) return;
        form.dataset.handing = "1";
        clearTimeout(last);
        const draft = draftOf(form, true);
        await keep(draft);
        if (await reached()) { await keep({ ...draft, unsent: false }); form.submit(); return; }
        say(form, "没有网络：内容已存在本机，恢复后自动发送");
        bar("没有网络。这份记录已存在本机，恢复后自动发送，请不要关闭本页。");
        delete form.dataset.handing;
      }, true);
    }
    await sendUnsent();
    setInterval(sendUnsent, WAIT);
    window.addEventListener("online", sendUnsent);
  };
  begin().catch(() => { /* a browser that keeps nothing: forms are sent as ever */ });
})();
