/* The gallery of templates narrows while one types. Without it, the search button asks the server. */
(function () {
  "use strict";
  const field = document.getElementById("template-search");
  const cards = [...document.querySelectorAll("[data-template]")];
  const count = document.getElementById("template-count");
  if (!field || new URLSearchParams(location.search).get("q")) return; // the server has narrowed it already
  field.form.addEventListener("submit", function (event) { event.preventDefault(); });
  function narrow() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const card of cards) {
      const text = (card.textContent + " " + card.closest("[data-group]").querySelector("h2").textContent).toLowerCase();
      card.hidden = !words.every(function (word) { return text.includes(word); });
      if (!card.hidden) left += 1;
    }
    for (const group of document.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("[data-template]:not([hidden])");
    }
    document.getElementById("no-templates").hidden = left > 0;
    count.textContent = words.length ? left + " of " + cards.length : cards.length + " templates";
  }
  field.addEventListener("input", narrow);
  if (field.value) narrow(); // typed before this script was there
})();
