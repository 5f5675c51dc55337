/* The form of a silence: only the fields that count for what is chosen, and beside it what it would cover. Without it,
   the page has all fields, and a button that shows the coverage. */
(function () {
  "use strict";
  function start() {
    const form = document.querySelector("form#silence_form");
    const beside = document.getElementById("coverage");
    if (!form || !beside) return;
    const repeats = form.elements.repeats, length = form.elements.length_choice || form.elements.namedItem("length");

    function row(name) {
      const field = document.getElementById("id_" + name);
      return field && (field.closest(".form-row") || field.closest(".field-line") || field.parentElement);
    }
    function show(name, wanted) {
      const found = row(name);
      if (found) found.hidden = !wanted;
    }
    function choose() {
      const recurs = repeats.value !== "";
      show("recurrence", repeats.value === "custom");
      show("duration", recurs);
      show("length", !recurs);
      show("ends", recurs || length.value === "until");
    }
    repeats.addEventListener("change", choose);
    length.addEventListener("change", choose);
    choose();

    let timer = null, asked = 0;
    async function read() {
      const turn = ++asked;
      beside.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(beside.dataset.address, {
          method: "POST", body: new FormData(form), headers: {"X-Requested-With": "fetch"},
        });
        const text = await answer.text();
        if (turn === asked && (answer.ok || answer.status === 429)) beside.innerHTML = text;
        else if (turn === asked) beside.textContent = "The preview is unavailable (" + answer.status + ").";
      } catch (error) {
        if (turn === asked) beside.textContent = "The preview is unavailable: the server does not respond.";
      }
      if (turn === asked) beside.removeAttribute("aria-busy");
    }
    function soon() {
      clearTimeout(timer);
      timer = setTimeout(read, 300);
    }
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    function typed() { // before this was here, or what the browser has kept of an earlier visit
      return [...form.elements].some(function (field) {
        return "defaultValue" in field && field.type !== "hidden" && field.value !== field.defaultValue;
      });
    }
    if (typed() || form.querySelector(".errorlist, .errors")) read();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
