/* The form of a rule: only the options of the chosen action, further conditions in rows, and beside it the rule in words
   with its reading. Without it, the page has all options, and buttons that add a row or show the preview. */
(function () {
  "use strict";
  function start() {
    const form = document.querySelector("form#automationrule_form");
    const action = document.getElementById("id_action_type");
    if (!form || !action) return;

    function rowOf(field) {
      return field.closest(".form-row") || field.closest(".field-line") || field.parentElement;
    }
    function showOptions() {
      document.querySelectorAll("[data-actions]").forEach(function (part) {
        const row = part.matches("li") ? part : part.closest("[data-row]") || rowOf(part);
        row.hidden = !part.dataset.actions.split(" ").includes(action.value);
      });
    }
    action.addEventListener("change", showOptions);
    showOptions();

    // A window is asked for only where there is one; how conditions are joined, only where there are several.
    const reducer = document.getElementById("id_reducer"), span = document.getElementById("id_evaluation_window");
    const rows = document.querySelector(".sa-conditions"), match = document.getElementById("id_match");
    function showWindows() {
      if (reducer && span) {
        const none = reducer.value === "last";
        if (none) span.value = "";
        rowOf(span).hidden = none;
      }
      for (const row of rows ? rows.querySelectorAll("[data-row-of-condition]") : []) {
        const none = row.querySelector("[data-reducer]").value === "last", part = row.querySelector("[data-window]");
        if (none) part.querySelector("input").value = "";
        part.hidden = none;
      }
      if (rows && match) {
        const count = rows.querySelectorAll("[data-row-of-condition]").length;
        rowOf(match).hidden = count === 0;
        rows.querySelector("[data-add]").hidden = count >= Number(rows.dataset.most);
      }
    }
    function changed() {
      showWindows();
      form.dispatchEvent(new Event("change", {bubbles: true}));
    }
    if (rows) {
      let next = rows.querySelectorAll("[data-rows] [data-row-of-condition]").length + 100;
      rows.addEventListener("click", function (event) {
        const add = event.target.closest("[data-add]"), remove = event.target.closest("[data-remove]");
        if (add) {
          event.preventDefault();
          const html = rows.querySelector("template").innerHTML.replaceAll("__n__", String(next++));
          rows.querySelector("[data-rows]").insertAdjacentHTML("beforeend", html);
          changed();
          rows.querySelector("[data-rows]").lastElementChild.querySelector("input").focus();
        } else if (remove) {
          event.preventDefault();
          remove.closest("[data-row-of-condition]").remove();
          changed();
          rows.querySelector("[data-add]").focus();
        }
      });
    }
    form.addEventListener("change", function (event) {
      if (event.target.matches && event.target.matches("select")) showWindows();
    });
    showWindows();

    const beside = document.getElementById("reading");
    let timer = null, asking = null;
    async function read() {
      if (asking) asking.abort();
      const mine = asking = new AbortController();
      beside.setAttribute("aria-busy", "true");
      let text = null, problem = "";
      try {
        const answer = await fetch(beside.dataset.address, {
          method: "POST", body: new FormData(form), headers: {"X-Requested-With": "fetch"}, signal: mine.signal,
        });
        if ((answer.ok || answer.status === 429) && !answer.redirected) text = await answer.text();
        else problem = answer.redirected ? "You are signed out. Sign in again in another tab, then continue here." :
          "The reading is unavailable (" + answer.status + ").";
      } catch (error) {
        if (error.name === "AbortError") return;
        problem = "The reading is unavailable: the server does not respond.";
      }
      if (mine !== asking) return;
      if (text === null) beside.textContent = problem;
      else if (beside.innerHTML !== text) beside.innerHTML = text;
      beside.removeAttribute("aria-busy");
    }
    function soon() {
      clearTimeout(timer);
      timer = setTimeout(read, 200);
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
