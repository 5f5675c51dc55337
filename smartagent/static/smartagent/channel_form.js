/* The form of a channel: beside it what it would send, as soon as somebody has stopped typing. Without it, the button
   “Preview” does the same. */
(function () {
  "use strict";
  function start() {
    const form = document.getElementById("channel_form"), beside = document.getElementById("wording_preview");
    if (!form || !beside) return;
    form.querySelector("button[name=_preview]").hidden = true;
    let timer = null, asked = 0;
    async function read() {
      const turn = ++asked, body = new FormData(form);
      body.set("_preview", "1");
      beside.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch("", {method: "POST", body: body, headers: {"X-Requested-With": "fetch"}});
        const text = await answer.text();
        if (turn === asked && answer.redirected) beside.textContent = "You are signed out. Sign in again in another tab.";
        else if (turn === asked && (answer.ok || answer.status === 429)) beside.innerHTML = text;
        else if (turn === asked) beside.textContent = "Not available (" + answer.status + ").";
      } catch (error) {
        if (turn === asked) beside.textContent = "Not available: the server does not respond.";
      }
      if (turn === asked) beside.removeAttribute("aria-busy");
    }
    function soon() {
      clearTimeout(timer);
      timer = setTimeout(read, 300);
    }
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
