// What every page has: keys, menus that close, copying, what is said to screen readers. Pages work without it.
"use strict";
document.documentElement.classList.add("scripted");

// Told aloud by screen readers, and nowhere to be seen.
window.say = (text) => { document.getElementById("said").textContent = text; };
// Single letters and signs as keys: whoever speaks to their computer can turn them off (WCAG 2.1.4).
window.singleKeys = () => document.documentElement.dataset.keys !== "off";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && singleKeys()) {
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
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

const copying = new Map(); // button → its text, and the timer that brings it back

async function copy(button) {
  const done = await copied(button.dataset.copy);
  const before = copying.get(button)?.before ?? button.textContent;
  clearTimeout(copying.get(button)?.timer);
  button.textContent = done ? button.dataset.copied : button.dataset.notCopied;
  say(button.textContent);
  const timer = setTimeout(() => { copying.delete(button); button.textContent = before; }, done ? 1500 : 4000);
  copying.set(button, { before, timer });
}

async function copied(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* over plain HTTP there is none: the old way */ }
  const field = document.createElement("textarea"), focused = document.activeElement;
  field.value = text;
  field.className = "sr";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return done;
}

// A form is sent once, however often its button is pressed; a file can be fetched as often as one likes.
document.addEventListener("submit", (event) => {
  const form = event.target, pressed = event.submitter;
  if (pressed?.hasAttribute("data-download") || form.hasAttribute("hx-post") || form.hasAttribute("hx-get") || pressed?.hasAttribute("hx-post")) return;
  const key = pressed ? `${pressed.name}=${pressed.value}` : "sent";
  if (form.dataset.sent === key) event.preventDefault();
  form.dataset.sent = key;
  setTimeout(() => { delete form.dataset.sent; }, 3000);
}, true);
