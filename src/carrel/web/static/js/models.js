// The form of a model's server: what a trial advises can be taken over.
"use strict";
(() => {
  const fields = (button) => Object.entries(button.dataset).filter(([name]) => name !== "limits");
  const show = () => { for (const button of document.querySelectorAll("[data-limits]")) button.hidden = false; };

  document.addEventListener("htmx:afterSwap", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-limits]");
    if (!button) return;
    for (const [name, value] of fields(button)) {
      const field = document.getElementById(name);
      field.closest("details").open = true;
      field.value = value;
    }
    document.getElementById(fields(button)[0][0]).focus();
  });
  show();
})();
