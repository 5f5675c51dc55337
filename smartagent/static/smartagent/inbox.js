"use strict";
// The inbox by keys, as the overlay of "?" lists them. What they do is what the list's own actions do, to what is
// selected, else to the row with the focus; afterwards the focus is on the row that has come into its place.
(() => {
  const snooze = document.getElementById("snooze");
  const another = document.getElementById("snooze-another");
  if (!document.getElementById("changelist-form") || !snooze || !document.getElementById("keys")) return;
  const list = window.listKeys("th a, td.field-headline a", "inbox-place");

  const chosen = () => {
    const some = list.selected();
    return some.length ? some : [list.current()].filter(Boolean);
  };

  const act = (name, rows) => {
    const select = list.form.querySelector("select[name=action]");
    if (!rows.length || ![...select.options].some((option) => option.value === name)) return;
    list.remember(list.current() ?? rows[0]);
    for (const row of rows) list.boxOf(row).checked = true;
    select.value = name;
    list.form.submit();
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

  list.bind({
    e: () => act("archive", chosen()), u: () => toggleRead(chosen()), s: () => askUntil(chosen()),
  });

  list.form.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-snooze]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    askUntil([list.rowOf(link)]);
  });
})();
