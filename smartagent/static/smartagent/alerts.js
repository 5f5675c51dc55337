"use strict";
// The list of alerts by keys, as the overlay of "?" lists them, and live: readings and ages of its rows are kept up to
// date; where other alerts fire than those shown it says so, and moves nothing.
(() => {
  const form = document.getElementById("changelist-form");
  const keys = document.getElementById("keys");
  const EVERY = 30000, PLACE = "alerts-place";
  if (!keys) return;
  const button = document.querySelector("[data-keys]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => keys.showModal());
  }

  const rowsOf = (page) => [...page.querySelectorAll("#result_list tr.data-row")];
  const rows = () => rowsOf(document);
  const linkOf = (row) => row?.querySelector("th a, td.field-rule a");
  const boxOf = (row) => row?.querySelector("input.action-select");
  const current = () => document.activeElement?.closest("#result_list tr.data-row");
  const selected = () => rows().filter((row) => boxOf(row)?.checked);

  const goTo = (place) => {
    const all = rows();
    const link = linkOf(all[Math.max(0, Math.min(place, all.length - 1))]);
    if (!link) return;
    link.focus();
    link.scrollIntoView({ block: "nearest" });
  };
  const move = (step) => {
    const place = rows().indexOf(current());
    goTo(place < 0 ? 0 : place + step);
  };
  const remember = (row) => sessionStorage.setItem(PLACE, String(Math.max(0, rows().indexOf(row))));

  const act = (verb, action) => {
    const some = selected(), row = current();
    const select = form?.querySelector("select[name=action]");
    if (some.length && action && select) {
      remember(some[0]);
      select.value = action;
      form.submit();
    } else if (!some.length) {
      row?.querySelector(`[data-verb=${verb}]`)?.click();
    }
  };
  const does = {
    j: () => move(1), k: () => move(-1), x: () => boxOf(current())?.click(), e: () => act("acknowledge", "acknowledge"),
    s: () => act("snooze", "snooze_for_an_hour"), a: () => act("take", ""), "?": () => keys.showModal(),
  };
  const isTyping = (element) => element.isContentEditable
    || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (isTyping(event.target) || event.target.closest("dialog, [role=dialog]")) return;
    if (!Object.hasOwn(does, event.key)) return;
    event.preventDefault();
    does[event.key]();
  });
  form?.addEventListener("submit", (event) => { // a button of a row: the focus comes back there
    const row = event.submitter?.closest("#result_list tr.data-row");
    if (row) remember(row);
  });

  const place = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  const comeBack = (framesLeft) => { // the page is hidden until the shell's own scripts have begun
    goTo(Number(place));
    if (!current() && rows().length && framesLeft) requestAnimationFrame(() => comeBack(framesLeft - 1));
  };
  if (place !== null) window.addEventListener("load", () => comeBack(120));

  const addresses = (list) => list.map((row) => linkOf(row)?.getAttribute("href")).join(" ");
  const sayChanged = () => {
    const link = Object.assign(document.createElement("a"), { href: "", textContent: "Show them", className: "sa-link" });
    document.getElementById("alerts-changed").replaceChildren("Other alerts are firing now. ", link);
  };
  const show = (page) => {
    const fresh = rowsOf(page), shown = rows();
    if (addresses(fresh) !== addresses(shown)) { sayChanged(); return; }
    shown.forEach((row, number) => [...row.cells].forEach((cell, column) => {
      const other = fresh[number].cells[column];
      if (other && !cell.contains(document.activeElement) && !cell.querySelector("input")) cell.innerHTML = other.innerHTML;
    }));
  };
  const refresh = async () => {
    if (document.hidden || keys.open) return;
    try {
      const response = await fetch(location.href);
      if (response.ok && !response.redirected) show(new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch (error) {
      console.warn("The list could not be refreshed; it is tried again in half a minute.", error);
    }
  };
  setInterval(refresh, EVERY);
})();
