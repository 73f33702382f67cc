// What makes the portal pleasant; every page works without it.
"use strict";

// a form is sent once: the second click waits for the first
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
  setTimeout(() => { delete form.dataset.sent; }, 8000);
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) delete form.dataset.sent;
});

// what is typed into a long form is kept in this browser until it was accepted
for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = `draft:${form.dataset.draft}`;
  const fields = () => [...new FormData(form)].filter(([name]) => !["csrf", "once", "shown", "from"].includes(name));
  const saved = form.querySelector("[data-saved]");
  const refused = document.querySelector(".told.wrong");
  const kept = JSON.parse(localStorage.getItem(key) || "null");
  if (kept && !refused && !document.querySelector(".told.right")) {
    for (const [name, value] of kept) {
      for (const one of form.elements.namedItem(name)?.forEach ? form.elements.namedItem(name) : [form.elements.namedItem(name)]) {
        if (!one) continue;
        if (one.type === "radio" || one.type === "checkbox") { if (one.value === value) one.checked = true; }
        else if (value) one.value = value;
      }
    }
    if (saved) saved.textContent = "已恢复上次没有提交的内容";
  }
  if (document.querySelector(".told.right")) localStorage.removeItem(key);
  form.addEventListener("input", () => {
    localStorage.setItem(key, JSON.stringify(fields()));
    if (saved) saved.textContent = "已存在本机，尚未提交";
  });
  // sent when the network is back, once: the key of the submission stays the same
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    delete form.dataset.sent;
    if (saved) saved.textContent = "没有网络：内容已存在本机，恢复后自动提交";
    window.addEventListener("online", () => form.requestSubmit(), { once: true });
  });
}

// the page says what is new without being reloaded by hand
const followed = document.querySelector("[data-follow]");
if (followed) {
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(followed.dataset.follow, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { mark } = await answer.json();
      if (String(mark) === followed.dataset.mark) return;
      const typing = [...document.querySelectorAll("main form")].some((form) => form.contains(document.activeElement));
      if (!typing) location.replace(location.pathname);
    } catch { /* the next look may succeed */ }
  };
  setInterval(look, 3000);
}

// a countdown to public randomness
for (const one of document.querySelectorAll("[data-countdown]")) {
  const due = Date.parse(one.dataset.countdown);
  const tick = () => {
    const left = Math.round((due - Date.now()) / 1000);
    one.textContent = left > 0 ? `还有 ${Math.floor(left / 60)} 分 ${left % 60} 秒` : "已到时间";
  };
  tick();
  setInterval(tick, 1000);
}

// the code of a notice leads to its page
document.querySelector("form[data-code]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  location.assign(`/n/${encodeURIComponent(event.target.elements.code.value.replace(/\s/g, ""))}`);
});
