// What every page has: keys, menus that close, and what is said to screen readers. Pages work without it.
"use strict";
document.documentElement.classList.add("scripted");

// Told aloud by screen readers, and nowhere to be seen.
window.say = (text) => { document.getElementById("said").textContent = text; };

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing) {
    const field = document.querySelector("input[type=search]");
    if (field) { event.preventDefault(); field.focus(); field.select(); } else { location.assign("/"); }
  } else if (event.key === "Escape") {
    const open = document.querySelector("details.menu[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
    else if (typing) typing.blur();
    else document.querySelector("[data-back]")?.click();
  }
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => {
    const before = copy.textContent;
    copy.textContent = copy.dataset.copied || "✓";
    say(copy.textContent);
    setTimeout(() => { copy.textContent = before; }, 1500);
  });
  const opener = event.target.closest("[data-dialog]");
  if (opener) { event.preventDefault(); document.getElementById(opener.dataset.dialog).showModal(); }
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
});

// A form is sent once, however often its button is pressed; a file can be fetched as often as one likes.
document.addEventListener("submit", (event) => {
  const form = event.target, pressed = event.submitter;
  if (pressed?.hasAttribute("data-download") || form.hasAttribute("hx-post") || form.hasAttribute("hx-get") || pressed?.hasAttribute("hx-post")) return;
  const key = pressed ? `${pressed.name}=${pressed.value}` : "sent";
  if (form.dataset.sent === key) event.preventDefault();
  form.dataset.sent = key;
  setTimeout(() => { delete form.dataset.sent; }, 3000);
}, true);
