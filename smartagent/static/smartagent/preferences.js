"use strict";
// Preferences: more rows of quiet hours. Without this, each save brings one more row.
(() => {
  const form = document.getElementById("preferences"), more = document.getElementById("quiet-more");
  if (!form || !more) return;
  more.hidden = false;
  more.addEventListener("click", () => {
    const total = form.elements["quiet-TOTAL_FORMS"], number = total.value;
    const row = document.createElement("div");
    row.innerHTML = document.getElementById("quiet-row").innerHTML.replaceAll("__prefix__", number);
    document.getElementById("quiet-rows").append(row.firstElementChild);
    total.value = Number(number) + 1;
    form.elements[`quiet-${number}-begins`].focus();
  });
})();
