// A paper's pages: drawn when they come near and let go when they are far, so that 600 of them stay light;
// next and previous among what is marked (n, p); the section and page that one stands in.
"use strict";
(() => {
  const pages = document.getElementById("pages");
  const bar = document.getElementById("paper-bar");
  const links = [...document.querySelectorAll(".stops a[data-mark]")];
  const outline = [...document.querySelectorAll(".paper-outline a")];
  const figures = pages ? [...pages.querySelectorAll("figure.page")] : [];
  const KEPT = 24;
  // Milliseconds before a page is asked for: nobody waits for pages flown past, and those in sight come first.
  const HERE = 60, SEEN = 200, NEAR = 450;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  // --- drawing
  const near = new Set();
  const drawn = new Map(); // figure → true, the one longest ago first
  const timers = new Map();

  function picture(figure, tries = 0) {
    const size = figure.querySelector("svg").viewBox.baseVal;
    const image = new Image(Math.round(size.width), Math.round(size.height));
    const at = (width) => `${pages.dataset.pictures}${figure.dataset.number}.png?width=${width}`;
    image.alt = pages.dataset.page.replace("{page}", figure.dataset.number);
    image.decoding = "async";
    image.fetchPriority = isSeen(figure) ? "high" : "low";
    image.addEventListener("load", () => { figure.classList.add("drawn"); words(figure); });
    image.sizes = "(min-width: 64rem) 50rem, 100vw";
    image.srcset = [800, 1200, 1600].map((width) => `${at(width)} ${width}w`).join(", ");
    image.src = at(800);
    image.addEventListener("error", () => {
      image.remove();
      if (!near.has(figure)) return;
      if (tries < 3) setTimeout(() => { if (near.has(figure) && !figure.querySelector("img")) picture(figure, tries + 1); }, 1500 * (tries + 1));
      else lost(figure);
    });
    figure.querySelector(".sheet").prepend(image);
  }

  function lost(figure) {
    const note = document.createElement("div");
    note.className = "lost";
    const text = document.createElement("p");
    text.textContent = pages.dataset.lost;
    const again = document.createElement("button");
    again.type = "button";
    again.className = "small";
    again.textContent = pages.dataset.again;
    again.addEventListener("click", () => { note.remove(); picture(figure); });
    note.append(text, again);
    figure.querySelector(".sheet").append(note);
  }

  function words(figure) {
    if (figure.querySelector("g.words")) return;
    const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
    group.classList.add("words");
    figure.querySelector("svg").append(group);
    fetch(`${pages.dataset.words}${figure.dataset.number}/words`, { headers: { "HX-Request": "true" } })
      .then((answer) => { if (!answer.ok) throw new Error(answer.status); return answer.text(); })
      .then((text) => { group.innerHTML = text; })
      .catch(() => group.remove()); // asked for again when the page comes near again
  }

  function draw(figure) {
    drawn.delete(figure);
    drawn.set(figure, true);
    if (figure.querySelector("img")?.complete) figure.classList.add("drawn");
    if (!figure.querySelector("img, .lost")) picture(figure);
    else words(figure);
    for (const old of drawn.keys()) {
      if (drawn.size <= KEPT) break;
      if (!near.has(old)) letGo(old);
    }
  }

  function isSeen(figure) {
    const box = figure.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  }

  function letGo(figure) {
    drawn.delete(figure);
    figure.classList.remove("drawn");
    figure.querySelector("img")?.remove();
    figure.querySelector(".lost")?.remove();
    figure.querySelector("g.words")?.remove();
  }

  const watch = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      clearTimeout(timers.get(target));
      if (isIntersecting) {
        near.add(target);
        timers.set(target, setTimeout(() => draw(target), target === pageAt(top() + innerHeight * 0.3) ? HERE : isSeen(target) ? SEEN : NEAR));
      } else near.delete(target);
    }
  }, { rootMargin: "70% 0px" });

  // --- where one is
  const top = () => { // where reading begins: below what stays in place above
    const style = getComputedStyle(bar);
    return style.position === "sticky" ? parseFloat(style.top) + bar.offsetHeight : document.querySelector(".bar").offsetHeight;
  };
  let settled = false; // the address follows only what the reader does

  function pageAt(y) {
    let low = 0, high = figures.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (figures[middle].getBoundingClientRect().top <= y) low = middle; else high = middle - 1;
    }
    return figures[low];
  }

  function heightOf(link) {
    if (!link.dataset.page) return document.querySelector(link.getAttribute("href"))?.getBoundingClientRect().top ?? Infinity;
    const box = document.getElementById(`page-${link.dataset.page}`).querySelector("svg").getBoundingClientRect();
    return box.top + Number(link.dataset.down) * box.height;
  }

  let address = 0;
  function place() {
    const line = top() + innerHeight * 0.3;
    if (figures.length) {
      const number = pageAt(line).dataset.number;
      const field = document.getElementById("go");
      if (document.activeElement !== field && field.value !== number) {
        field.value = number;
        if (settled) {
          clearTimeout(address);
          address = setTimeout(() => {
            const here = new URL(location.href);
            here.searchParams.set("page", number);
            here.hash = "";
            history.replaceState(history.state, "", here);
          }, 400);
        }
      }
    }
    let low = -1, high = outline.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (heightOf(outline[middle]) <= line) low = middle; else high = middle - 1;
    }
    const present = outline[low];
    const before = document.querySelector(".paper-outline a[aria-current]");
    if (before !== present) {
      before?.removeAttribute("aria-current");
      if (present) {
        present.setAttribute("aria-current", "true");
        const list = present.closest("ol");
        const box = present.getBoundingClientRect(), frame = list.getBoundingClientRect();
        if (box.top < frame.top) list.scrollTop -= frame.top - box.top; else if (box.bottom > frame.bottom) list.scrollTop += box.bottom - frame.bottom;
      }
      const section = document.querySelector(".paper-section");
      if (section) section.textContent = present ? present.firstElementChild.textContent : "";
    }
  }
  let asked = false;
  addEventListener("scroll", () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; place(); });
  }, { passive: true });

  function toPage(number, down = 0) {
    const figure = figures[Math.min(Math.max(number, 1), figures.length) - 1];
    const box = figure.querySelector("svg").getBoundingClientRect();
    scrollTo({ top: scrollY + box.top + down * box.height - top() - (down ? 24 : 12), behavior: "instant" });
  }

  // --- from mark to mark
  let current = links.findIndex((link) => link.hasAttribute("aria-current"));

  function show(key, smooth) {
    for (const old of document.querySelectorAll(".over .current, .paper-text .current")) old.classList.remove("current");
    for (const each of document.querySelectorAll(`[data-key="${key}"]`)) each.classList.add("current");
    const mark = document.getElementById(key);
    if (!mark) return;
    const box = mark.getBoundingClientRect(), room = innerHeight - top();
    const aim = scrollY + box.top - top() - Math.max(24, (room - box.height) * 0.35);
    const far = Math.abs(aim - scrollY) > innerHeight * 1.5;
    scrollTo({ top: aim, behavior: smooth && !far && !calm ? "smooth" : "instant" });
  }

  function go(number) {
    current = (number + links.length) % links.length;
    const link = links[current];
    for (const other of links) if (other !== link) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    const list = link.closest("ol");
    if (list) list.scrollTop = link.offsetTop - list.offsetTop - 40;
    const where = bar.dataset.of.replace("{number}", current + 1).replace("{count}", links.length);
    bar.querySelector(".paper-at").textContent = where;
    sentence();
    show(link.dataset.mark, true);
    clearTimeout(address);
    history.replaceState(history.state, "", link.href);
    const on = link.dataset.page ? ", " + bar.dataset.onPage.replace("{page}", link.dataset.page) : "";
    say(`${where}${on}: ${link.querySelector(".paper-words").textContent}`);
  }

  function sentence() {
    const words = links[current]?.querySelector(".paper-words");
    if (words) bar.querySelector(".paper-sentence").replaceChildren(...[...words.childNodes].map((node) => node.cloneNode(true)));
  }
  // The sentence that tells has come, with more before it than there is room for.
  document.addEventListener("htmx:oobAfterSwap", () => {
    for (const { previousSibling: before } of document.querySelectorAll(".paper-words .telling")) {
      if (before && before.textContent.length > 50) before.textContent = "… " + before.textContent.slice(-40).replace(/^\S*\s/, "");
    }
    sentence();
  });

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("a");
    if (!link) return;
    if (link.dataset.step && links.length) { event.preventDefault(); go(current + Number(link.dataset.step)); }
    else if (link.dataset.mark && links.includes(link)) { event.preventDefault(); go(links.indexOf(link)); }
    else if (link.closest(".paper-outline") && link.dataset.page) { event.preventDefault(); toPage(Number(link.dataset.page), Number(link.dataset.down)); }
    else if (link.hasAttribute("data-back") && cameFromSearch()) { event.preventDefault(); history.back(); }
  });

  function cameFromSearch() { // with its filters and its place in the list
    try { const from = new URL(document.referrer); return from.origin === location.origin && from.pathname === "/" && new URL(document.querySelector("[data-back]").href).pathname === "/" && history.length > 1; }
    catch { return false; }
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !links.length || !singleKeys()) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "n") go(current + 1); else if (event.key === "p") go(current - 1);
  });

  document.querySelector(".paper-go")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const number = Number(document.getElementById("go").value);
    if (number) { toPage(number); document.activeElement.blur(); place(); }
  });

  // --- beginning
  const narrow = matchMedia("(max-width: 64rem)").matches, named = location.hash.slice(1);
  if (narrow) for (const part of document.querySelectorAll("[data-drawer]")) part.open = part.id === named;
  else if (named === "about") addEventListener("load", () => requestAnimationFrame(() => scrollTo({ top: 0, behavior: "instant" }))); // it is beside the pages, which stay
  if ("scrollRestoration" in history) history.scrollRestoration = "manual";
  const meant = (pages || document.getElementById("text"))?.dataset.start || "";
  const asks = /^(page|at|hit|found)-\d+$/.test(named) && !(named.startsWith("page-") && /^(hit|found)-/.test(meant));
  const start = asks ? named : meant;
  if (start.startsWith("page-")) { if (start !== "page-1") toPage(Number(start.slice(5))); }
  else if (start) show(start, false);
  for (const figure of figures) watch.observe(figure);
  place();
  setTimeout(() => { settled = true; }, 600);
})();
