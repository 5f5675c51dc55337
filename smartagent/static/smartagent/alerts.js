"use strict";
// The list of alerts by keys, as the overlay of "?" lists them, and live: readings and ages of its rows are kept up to
// date; where other alerts fire than those shown it says so, and moves nothing.
(() => {
  const EVERY = 30000;
  if (!document.getElementById("keys")) return;
  const list = window.listKeys("th a, td.field-rule a", "alerts-place");

  const act = (verb, action) => {
    const some = list.selected();
    const select = list.form?.querySelector("select[name=action]");
    if (some.length && action && select) {
      list.remember(some[0]);
      select.value = action;
      list.form.submit();
    } else if (!some.length) {
      list.current()?.querySelector(`[data-verb=${verb}]`)?.click();
    }
  };
  list.bind({
    e: () => act("acknowledge", "acknowledge"), s: () => act("snooze", "snooze_for_an_hour"), a: () => act("take", ""),
  });

  const rowsOf = (page) => [...page.querySelectorAll("#result_list tr.data-row")];
  const addresses = (rows) => rows.map((row) => list.linkOf(row)?.getAttribute("href")).join(" ");
  const sayChanged = () => {
    const link = Object.assign(document.createElement("a"), { href: "", textContent: "Show them", className: "sa-link" });
    document.getElementById("alerts-changed").replaceChildren("Other alerts are firing now. ", link);
  };
  const show = (page) => {
    const fresh = rowsOf(page), shown = list.rows();
    if (addresses(fresh) !== addresses(shown)) { sayChanged(); return; }
    shown.forEach((row, number) => [...row.cells].forEach((cell, column) => {
      const other = fresh[number].cells[column];
      if (other && !cell.contains(document.activeElement) && !cell.querySelector("input")) cell.innerHTML = other.innerHTML;
    }));
  };
  const refresh = async () => {
    if (document.hidden || list.keys.open) return;
    try {
      const response = await fetch(location.href);
      if (response.ok && !response.redirected) show(new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch (error) {
      console.warn("The list could not be refreshed; it is tried again in half a minute.", error);
    }
  };
  setInterval(refresh, EVERY);
})();
