// What makes the portal pleasant; every page works without it.
"use strict";

// a form is sent once: the second click waits for the first
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
  setTimeout(() => { delete form.dataset.sent; }, 8000);
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) delete form.dataset.sent;
});

// the page shows what is new without being reloaded by hand
const followed = document.querySelector("[data-follow]");
if (followed) {
  let mark = followed.dataset.mark;
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(followed.dataset.follow, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const now = String((await answer.json()).mark);
      if (now === mark) return;
      const forms = [...document.querySelectorAll("main form")];
      if (forms.some((form) => form.contains(document.activeElement) || form.dataset.sent || form.dataset.touched)) return;
      mark = now;
      if (window.htmx) window.htmx.ajax("GET", location.pathname, { target: "main", select: "main", swap: "outerHTML" });
      else location.replace(location.pathname);
    } catch { /* the next look may succeed */ }
  };
  setInterval(look, 3000);
}
document.addEventListener("input", (event) => { if (event.target.form) event.target.form.dataset.touched = "1"; });

// a countdown to public randomness: from what the portal's clock said, since this one may be wrong
const ends = new WeakMap();
const count = () => {
  for (const one of document.querySelectorAll("[data-left]")) {
    if (!ends.has(one)) ends.set(one, performance.now() + 1000 * one.dataset.left);
    const left = Math.round((ends.get(one) - performance.now()) / 1000);
    one.textContent = left > 0 ? `还有 ${Math.floor(left / 60)} 分 ${left % 60} 秒` : "已到时间";
  }
};
count();
setInterval(count, 1000);

// tickets fall one after the other
const fall = () => document.querySelectorAll(".drawn li").forEach((one, place) => {
  one.style.animationDelay = `${Math.min(place, 40) * 150}ms`;
});
fall();
document.addEventListener("htmx:afterSwap", fall);

// the code of a notice leads to its page
document.querySelector("form[data-code]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  location.assign(`/n/${encodeURIComponent(event.target.elements.code.value.replace(/\s/g, ""))}`);
});

// photos are made smaller before they are sent; what the camera wrote beside them goes along, and the
// server keeps it apart from the picture
const MOST_MB = 20; // as blocks/pictures.py
const camera = async (file) => {
  const view = new DataView(await file.slice(0, 256 * 1024).arrayBuffer());
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 4 < view.byteLength && view.getUint8(at) === 0xff;) {
    const size = view.getUint16(at + 2) + 2;
    if (view.getUint16(at) === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return file.slice(at, at + size);
    at += size;
  }
  return null;
};
const shrink = async (file, most) => {
  try {
    const whole = await createImageBitmap(file, { imageOrientation: "none" });
    const scale = Math.min(1, most / Math.max(whole.width, whole.height));
    if (scale === 1 && file.size < 1024 * 1024) return file;
    const canvas = Object.assign(document.createElement("canvas"), {
      width: Math.round(whole.width * scale), height: Math.round(whole.height * scale) });
    canvas.getContext("2d").drawImage(whole, 0, 0, canvas.width, canvas.height);
    whole.close();
    const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    const told = await camera(file);
    const parts = told ? [small.slice(0, 2), told, small.slice(2)] : [small];
    return new File(parts, file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" });
  } catch { return file; } // the server says what is wrong with it
};
document.addEventListener("change", async (event) => {
  const input = event.target;
  if (input.type !== "file") return;
  const kept = new DataTransfer(), large = [];
  for (const file of input.files) {
    const fit = file.size > 5 * MOST_MB * 1024 ** 2 || !input.dataset.shrink ? file : await shrink(file, Number(input.dataset.shrink));
    if (fit.size > MOST_MB * 1024 ** 2) large.push(`「${fit.name}」有 ${Math.round(fit.size / 1024 ** 2)} MB，超过 ${MOST_MB} MB，没有选上`);
    else kept.items.add(fit);
  }
  input.files = kept.files;
  let told = input.parentElement.querySelector("[data-large]");
  if (!told) {
    told = Object.assign(document.createElement("small"), { className: "late" });
    told.dataset.large = "";
    told.setAttribute("role", "alert");
    input.after(told);
  }
  told.textContent = large.length ? `${large.join("；")}。请缩小后再选，其余内容都在。` : "";
  input.dispatchEvent(new CustomEvent("input", { bubbles: true }));
});
