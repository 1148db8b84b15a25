// What htmx cannot put in its place: a server that does not answer, a session that has ended, progress that
// could not be had. It is said once at the foot of the window, and nothing of the page is lost for it.
"use strict";
(() => {
  const box = document.getElementById("trouble");
  let kind = "";

  function tell(what, fill) {
    if (kind === what) return; // said once, however often it is tried again
    kind = what;
    fill();
  }

  function inWords(text) {
    const note = document.createElement("div"), words = document.createElement("p");
    note.className = "notice danger";
    words.textContent = text;
    note.append(words);
    box.replaceChildren(note);
  }

  function over() {
    kind = "";
    box.replaceChildren();
  }

  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, () => tell("lost", () => inWords(box.dataset.lost)));

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig, target } = event.detail;
    if (xhr.status < 400) { if (kind) over(); return; }
    event.detail.shouldSwap = false;
    if (requestConfig.elt.getAttribute("hx-swap") === "none") return; // a refinement that nobody waits for
    const ours = xhr.getResponseHeader("content-type")?.startsWith("text/html") && xhr.getResponseHeader("vary")?.includes("HX-Request");
    // What replaces itself asks again by itself: a note in its place would be its end.
    const stays = requestConfig.elt === target && requestConfig.elt.getAttribute("hx-swap") === "outerHTML";
    if (!ours) tell(`${xhr.status}`, () => inWords(box.dataset.failed.replace("{status}", xhr.status)));
    else if (xhr.status === 401) tell("ended", () => { box.innerHTML = xhr.responseText; });
    else if (stays) tell(`${xhr.status}`, () => { box.innerHTML = xhr.responseText; });
    else { event.detail.shouldSwap = true; event.detail.isError = false; } // a note to be shown, not to be dropped
  });

  // Signed in again in another tab: this one's forms get the new session's token, if it is the same person.
  async function again() {
    if (kind !== "ended" || document.hidden) return;
    const answer = await fetch("/api/v1/session").catch(() => null);
    if (!answer?.ok) return;
    const session = await answer.json();
    if (session.name !== box.dataset.account || !session.csrf_token) return;
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF-Token": session.csrf_token }));
    for (const field of document.querySelectorAll("input[name=csrf]")) field.value = session.csrf_token;
    for (const form of document.querySelectorAll("form[data-csrf]")) form.dataset.csrf = session.csrf_token;
    over();
  }
  addEventListener("focus", again);
  document.addEventListener("visibilitychange", again);
})();
