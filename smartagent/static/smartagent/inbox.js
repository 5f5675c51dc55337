"use strict";
// The inbox by keys, as the overlay of "?" lists them. What they do is what the list's own actions do, to what is
// selected, else to the row with the focus; afterwards the focus is on the row that has come into its place.
(() => {
  const form = document.getElementById("changelist-form");
  const snooze = document.getElementById("snooze");
  const another = document.getElementById("snooze-another");
  const keys = document.getElementById("keys");
  const PLACE = "inbox-place";
  if (!form || !snooze || !keys) return;

  const links = () => [...form.querySelectorAll("#result_list tr.data-row th a, #result_list tr.data-row td.field-headline a")];
  const rowOf = (element) => element?.closest("#result_list tr.data-row");
  const boxOf = (row) => row?.querySelector("input.action-select");
  const current = () => rowOf(document.activeElement);
  const places = () => links().map(rowOf);

  const goTo = (place) => {
    const all = links();
    const link = all[Math.max(0, Math.min(place, all.length - 1))];
    if (!link) return;
    link.focus();
    link.scrollIntoView({ block: "nearest" });
  };
  const move = (step) => {
    const place = places().indexOf(current());
    goTo(place < 0 ? 0 : place + step);
  };

  const selected = () => [...form.querySelectorAll("input.action-select:checked")].map(rowOf);
  const chosen = () => {
    const some = selected();
    return some.length ? some : [current()].filter(Boolean);
  };

  const act = (name, rows) => {
    const select = form.querySelector("select[name=action]");
    if (!rows.length || ![...select.options].some((option) => option.value === name)) return;
    sessionStorage.setItem(PLACE, String(Math.max(0, places().indexOf(current() ?? rows[0]))));
    for (const row of rows) boxOf(row).checked = true;
    select.value = name;
    form.submit();
  };

  const isUnread = (row) => row.querySelector(".sa-unread") !== null;
  const toggleRead = (rows) => act(rows.some(isUnread) ? "mark_read" : "mark_unread", rows);

  const titleOf = (row) => row.querySelector(".sa-title").lastChild.textContent; // before it may stand “Unread”

  const askUntil = (rows) => {
    if (!rows.length) return;
    const own = rows.length === 1 ? rows[0].querySelector("a[data-snooze]") : null;
    const what = rows.length === 1 ? `: ${titleOf(rows[0])}` : ` ${rows.length} notifications`;
    document.getElementById("snooze-title").textContent = `Snooze${what}`;
    another.hidden = !own;
    if (own) another.href = own.href;
    const back = document.activeElement;
    snooze.returnValue = "";
    snooze.onclose = () => {
      back?.focus();
      if (snooze.returnValue) act(`snooze_${snooze.returnValue}`, rows);
    };
    snooze.showModal();
    snooze.querySelector("button").focus();
  };

  const select = (row) => boxOf(row)?.click();
  const does = {
    j: () => move(1), k: () => move(-1), x: () => select(current()), e: () => act("archive", chosen()),
    u: () => toggleRead(chosen()), s: () => askUntil(chosen()), "?": () => keys.showModal(),
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

  form.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-snooze]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    askUntil([rowOf(link)]);
  });
  form.addEventListener("submit", (event) => { // a button of a row: the focus comes back there, too
    const row = rowOf(event.submitter);
    if (row) sessionStorage.setItem(PLACE, String(places().indexOf(row)));
  });

  const button = document.querySelector("[data-keys]");
  button.hidden = false;
  button.addEventListener("click", () => keys.showModal());

  const place = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  // Until the shell's own scripts have begun the page is hidden, and hidden links take no focus; then the list is moved
  // into a box that scrolls, and what is moved loses the focus.
  const comeBack = (framesLeft) => {
    goTo(Number(place));
    if (!current() && links().length && framesLeft) requestAnimationFrame(() => comeBack(framesLeft - 1));
  };
  if (place !== null) window.addEventListener("load", () => comeBack(120));
})();
