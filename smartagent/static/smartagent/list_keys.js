"use strict";
// A list by keys: moves between its rows, and comes back to the row that one acted on. `links` are the links of the
// rows, `name` is that under which the place is remembered.
window.listKeys = (links, name) => {
  const ROW = "#result_list tr.data-row";
  const form = document.getElementById("changelist-form");
  const keys = document.getElementById("keys");
  const rows = () => [...document.querySelectorAll(ROW)];
  const rowOf = (element) => element?.closest(ROW);
  const linkOf = (row) => row?.querySelector(links);
  const boxOf = (row) => row?.querySelector("input.action-select");
  const current = () => rowOf(document.activeElement);
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
  const remember = (row) => sessionStorage.setItem(name, String(Math.max(0, rows().indexOf(row))));

  const isTyping = (element) => element.isContentEditable
    || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  const bind = (does) => document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (isTyping(event.target) || event.target.closest("dialog, [role=dialog]")) return;
    if (!Object.hasOwn(does, event.key)) return;
    event.preventDefault();
    does[event.key]();
  });
  const own = { j: () => move(1), k: () => move(-1), x: () => boxOf(current())?.click(), "?": () => keys.showModal() };

  form?.addEventListener("submit", (event) => { // a button of a row: the focus comes back there
    const row = rowOf(event.submitter);
    if (row) remember(row);
  });
  const button = document.querySelector("[data-keys]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => keys.showModal());
  }

  const place = sessionStorage.getItem(name);
  sessionStorage.removeItem(name);
  // Until the shell's own scripts have begun the page is hidden, and hidden links take no focus; then the list is moved
  // into a box that scrolls, and what is moved loses the focus.
  const comeBack = (framesLeft) => {
    goTo(Number(place));
    if (!current() && rows().length && framesLeft) requestAnimationFrame(() => comeBack(framesLeft - 1));
  };
  if (place !== null) window.addEventListener("load", () => comeBack(120));

  return { boxOf, current, form, keys, linkOf, remember, rowOf, rows, selected, bind: (does) => bind({ ...own, ...does }) };
};
