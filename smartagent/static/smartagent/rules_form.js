/* The form of a rule: only the options of the chosen action, and the reading beside it. Without it, the page has all
   options and the reading comes after saving. */
(function () {
  "use strict";
  function start() {
    const form = document.querySelector("form#automationrule_form");
    const action = document.getElementById("id_action_type");
    if (!form || !action) return;

    function showOptions() {
      document.querySelectorAll("[data-actions]").forEach(function (part) {
        const row = part.matches("li") ? part : part.closest("[data-row]") || rowOf(part);
        row.hidden = !part.dataset.actions.split(" ").includes(action.value);
      });
    }
    function rowOf(field) {
      return field.closest(".form-row") || field.closest(".field-line") || field.parentElement;
    }
    action.addEventListener("change", showOptions);
    showOptions();

    const beside = document.getElementById("reading");
    let timer = null, asked = 0;
    async function read() {
      const turn = ++asked;
      beside.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(beside.dataset.address, {
          method: "POST", body: new FormData(form), headers: {"X-Requested-With": "fetch"},
        });
        const text = await answer.text();
        if (turn === asked && answer.ok) beside.innerHTML = text;
        else if (turn === asked) beside.textContent = "The reading cannot be shown just now (" + answer.status + ").";
      } catch (error) {
        if (turn === asked) beside.textContent = "The reading cannot be shown: the server does not answer.";
      }
      if (turn === asked) beside.removeAttribute("aria-busy");
    }
    function soon() {
      clearTimeout(timer);
      timer = setTimeout(read, 400);
    }
    if (beside) {
      form.addEventListener("input", soon);
      form.addEventListener("change", soon);
      read();
    }
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
