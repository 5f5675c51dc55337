/* Preferences: what would happen to a message now follows what is chosen, and there can be more rows of quiet hours.
   Without it, a button shows what would happen, and each save brings one more row. */
(function () {
  "use strict";
  function start() {
    const form = document.getElementById("preferences"), shown = document.getElementById("forecast");
    if (!form || !shown) return;
    const look = form.querySelector("button[name=_preview]"), more = document.getElementById("quiet-more");
    if (look) look.hidden = true;
    more.hidden = false;
    more.addEventListener("click", function () {
      const total = form.elements["quiet-TOTAL_FORMS"], number = total.value;
      const row = document.createElement("div");
      row.innerHTML = document.getElementById("quiet-row").innerHTML.replaceAll("__prefix__", number);
      document.getElementById("quiet-rows").append(row.firstElementChild);
      total.value = Number(number) + 1;
      form.elements["quiet-" + number + "-begins"].focus();
    });

    let timer = null, asked = 0;
    async function read() {
      const turn = ++asked, body = new FormData(form);
      body.set("_preview", "1");
      shown.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch("", {method: "POST", body: body, headers: {"X-Requested-With": "fetch"}});
        const text = await answer.text();
        if (turn === asked && answer.redirected) shown.textContent = "You are signed out. Sign in again in another tab.";
        else if (turn === asked && (answer.ok || answer.status === 429)) shown.innerHTML = text;
        else if (turn === asked) shown.textContent = "Not available (" + answer.status + ").";
      } catch (error) {
        if (turn === asked) shown.textContent = "Not available: the server does not respond.";
      }
      if (turn === asked) shown.removeAttribute("aria-busy");
    }
    form.addEventListener("change", function () {
      clearTimeout(timer);
      timer = setTimeout(read, 200);
    });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
