// The table of papers is drawn anew by itself while papers come in: what was chosen and typed in it stays.
"use strict";
(() => {
  let chosen = [], tags = "";

  function byItself(event) {
    const { target, requestConfig } = event.detail;
    return target.id === "papers" && requestConfig.triggeringEvent?.type === "papers-changed";
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!byItself(event)) return;
    chosen = [...document.querySelectorAll("#selected input[name=paper]:checked")].map((box) => box.value);
    tags = document.getElementById("selected-tags")?.value || "";
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!byItself(event)) return;
    for (const box of document.querySelectorAll("#selected input[name=paper]")) box.checked = chosen.includes(box.value);
    const field = document.getElementById("selected-tags");
    if (field) field.value = tags;
  });

  // With none chosen nothing is sent: a page that says so would end uploads.
  const boxes = () => [...document.querySelectorAll("#selected input[name=paper]")];
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "selected" || event.submitter?.name === "retry" || boxes().some((box) => box.checked)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    delete event.target.dataset.sent; // nothing was
    const place = document.getElementById("chosen");
    place.textContent = place.dataset.none;
    place.classList.add("none-chosen");
    say(place.textContent);
  }, true);
  document.addEventListener("change", (event) => {
    const all = document.getElementById("choose-all");
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    else if (event.target.name === "paper" && all) all.checked = boxes().every((box) => box.checked);
  });

  // What is under way is asked for every second once it is known; until then it is asked for again, too.
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful } = event.detail;
    if (elt.id !== "under-way" || successful || elt.getAttribute("hx-trigger").includes("every")) return;
    setTimeout(() => document.body.dispatchEvent(new CustomEvent("uploaded")), 2000);
  });
})();
