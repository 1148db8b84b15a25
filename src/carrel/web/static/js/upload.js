// Files and folders dropped on a knowledge base: sent one by one, two at a time, each with its progress.
"use strict";
(() => {
  const form = document.getElementById("drop");
  if (!form) return;
  const text = form.dataset;
  const list = document.getElementById("uploads-list");
  const said = document.getElementById("uploads-said");
  const box = document.getElementById("uploads");
  const AT_ONCE = 2;
  const MOST_LISTED = 200;
  const waiting = [];
  let running = 0, all = 0, sent = 0, stopped = false, lostFor = 0, notBefore = 0;
  const ENDINGS = /\.(pdf|docx|html?|md|markdown|txt)$/i;

  function row(file) {
    const item = document.createElement("li");
    item.className = "upload";
    const name = document.createElement("span"), state = document.createElement("span"), bar = document.createElement("progress");
    name.className = "upload-name"; name.textContent = file.name; name.dir = "auto";
    state.className = "upload-state soft small"; state.textContent = text.waits;
    bar.max = 1; bar.value = 0; bar.setAttribute("aria-label", file.name);
    item.append(name, state, bar);
    if (list.childElementCount >= MOST_LISTED) list.querySelector(".done")?.remove();
    list.append(item);
    return { item, state, bar };
  }

  function tell() {
    said.textContent = text.said.replace("{sent}", sent).replace("{all}", all);
    document.getElementById("uploads-stop").hidden = !running && !waiting.length;
  }

  function end(job, words, failed, hint) {
    job.bar.remove();
    job.state.textContent = hint ? `${words} ${hint}` : words;
    job.item.classList.add(failed ? "failed" : "done");
    if (failed) {
      const again = document.createElement("button");
      again.type = "button"; again.className = "small"; again.textContent = text.again;
      again.addEventListener("click", () => { job.item.remove(); all -= 1; add([job.file]); });
      job.item.append(again);
    } else { sent += 1; setTimeout(() => job.item.remove(), 4000); }
  }

  function send(job) {
    const request = new XMLHttpRequest();
    job.request = request;
    request.open("POST", text.upload);
    request.setRequestHeader("X-CSRF-Token", text.csrf);
    request.setRequestHeader("Accept-Language", document.documentElement.lang);
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) job.bar.value = event.loaded / event.total; });
    request.addEventListener("load", () => {
      lostFor = 0;
      running -= 1;
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* a proxy's page: the status says enough */ }
      if (request.status === 200 || request.status === 202) {
        end(job, answer.jobs?.[0]?.duplicate ? text.there : text.sent, false);
        document.body.dispatchEvent(new CustomEvent("uploaded"));
      } else if (request.status === 401) {
        end(job, text.ended, true);
        document.body.dispatchEvent(new CustomEvent("uploaded")); // asks for what is under way: the page says it, too
      }
      else if (request.status === 429 || request.status === 503) { later(job, Number(request.getResponseHeader("Retry-After")) || 2); }
      else end(job, answer.detail || `${request.status}`, true, answer.hint);
      next();
    });
    // Nothing is lost: what did not arrive is sent again from its beginning, and the same file twice is one paper.
    request.addEventListener("error", () => { running -= 1; lostFor += 1; said.textContent = text.lost; later(job, Math.min(2 ** lostFor, 30)); });
    request.addEventListener("abort", () => { running -= 1; });
    const body = new FormData();
    body.append("files", job.file, job.file.name);
    running += 1;
    request.send(body);
  }

  function later(job, seconds) {
    job.bar.value = 0;
    waiting.unshift(job);
    notBefore = Math.max(notBefore, Date.now() + seconds * 1000);
    setTimeout(next, seconds * 1000 + 20);
  }

  function next() {
    if (!lostFor) tell();
    while (!stopped && Date.now() >= notBefore && running < AT_ONCE && waiting.length) send(waiting.shift());
  }

  function add(files) {
    stopped = false;
    box.hidden = false;
    for (const file of files) {
      all += 1;
      const job = { file, ...row(file) };
      if (file.size > Number(text.mostMb) * 1048576) end(job, text.large, true);
      else waiting.push(job);
    }
    next();
  }

  async function within(entry, found) {
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      if (ENDINGS.test(file.name)) found.push(file);
    } else if (entry.isDirectory) {
      const reader = entry.createReader();
      for (;;) {
        const entries = await new Promise((done, failed) => reader.readEntries(done, failed));
        if (!entries.length) break;
        for (const each of entries) await within(each, found);
      }
    }
  }

  for (const name of ["dragenter", "dragover"]) document.addEventListener(name, (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
  document.addEventListener("drop", async (event) => {
    form.classList.remove("over");
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) { add(event.dataTransfer.files); return; }
    const found = [];
    for (const entry of entries) await within(entry, found);
    add(found);
  });
  const chosen = document.getElementById("files");
  const take = () => { add(chosen.files); chosen.value = ""; };
  chosen.addEventListener("change", take);
  if (chosen.files.length) take(); // chosen before this script was there
  form.addEventListener("submit", (event) => { event.preventDefault(); event.stopPropagation(); });
  document.getElementById("uploads-stop").addEventListener("click", () => {
    stopped = true;
    for (const job of waiting.splice(0)) end(job, "–", true);
    tell();
  });
  addEventListener("beforeunload", (event) => { if (running || waiting.length) event.preventDefault(); });
})();
