// The search page: results by keys, the title of the window, what is said when an answer has come.
"use strict";
(() => {
  const hits = () => [...document.querySelectorAll(".hit")];
  const at = () => hits().findIndex((hit) => hit.classList.contains("at"));

  function go(to) {
    const all = hits();
    if (!all.length) return;
    const place = Math.min(Math.max(to, 0), all.length - 1);
    for (const hit of all) hit.classList.remove("at");
    all[place].classList.add("at");
    all[place].scrollIntoView({ block: "nearest" });
    all[place].querySelector("a").focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.id === "q";
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "ArrowDown" && (field || !typing)) { if (hits().length) { event.preventDefault(); go(at() + 1); } }
    else if (event.key === "ArrowUp" && !typing) {
      event.preventDefault();
      if (at() <= 0) { for (const hit of hits()) hit.classList.remove("at"); document.getElementById("q").focus(); } else go(at() - 1);
    } else if (!typing && singleKeys() && event.key === "j") go(at() + 1);
    else if (!typing && singleKeys() && event.key === "k") go(at() - 1);
  });

  // Fields that say nothing are left out of the address.
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.target.matches?.(".search-form")) return;
    const given = event.detail.formData ?? event.detail.parameters;
    for (const name of ["from", "to", "author", "rerank", "mode"]) {
      const value = given.get ? given.get(name) : given[name];
      if (value === "" || (name === "mode" && value === "hybrid")) given.delete ? given.delete(name) : delete given[name];
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "answer") return;
    const asked = document.getElementById("q").value.trim();
    document.title = `${asked || "Carrel"} · Carrel`;
    document.getElementById("search").classList.toggle("search-home", !asked && !document.querySelector("#answer .answer-head"));
    const title = document.getElementById("search-title");
    if (title && asked) { title.className = "sr"; title.textContent = title.dataset.asked; }
    const count = document.querySelector("[data-say]");
    if (!count) return;
    // Results are gone through by letters: the field gives its focus up, unless somebody has typed on.
    const typed = event.detail.requestConfig?.formData?.get?.("q") ?? event.detail.requestConfig?.parameters?.q;
    if (hits().length && asked === (typed ?? "").trim() && document.activeElement?.closest(".search-field")) count.focus({ preventScroll: true });
    else say(count.textContent.trim());
  });

  // Back and forth between questions shows each with its own answer: pages come whole.
  window.addEventListener("popstate", () => location.reload());
})();
