"use strict";
// The activity list: suggestions for its search, zooming in the histogram, the panel of an entry, and news of new ones.
(() => {
  const page = document.querySelector(".sa-activity");
  if (!page) return;
  const address = (changes) => {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    return url;
  };
  const isTyping = (element) => element.isContentEditable || element.matches("textarea, select, input");

  // Suggestions: what the last term may become. Arrow keys choose, Enter or Tab takes one, Escape closes.
  const form = document.getElementById("activity-search");
  const input = document.getElementById("searchbar");
  const list = document.getElementById("suggestions");
  let found = [], place = -1, asked = 0, timer;
  const close = () => { list.hidden = true; place = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const choose = (next) => {
    const rows = [...list.children];
    if (!rows.length) return;
    place = (next + rows.length) % rows.length;
    rows.forEach((row, number) => row.setAttribute("aria-selected", String(number === place)));
    rows[place].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", rows[place].id);
  };
  const take = (number) => { input.value = found[number].search; input.focus(); close(); suggest(); };
  const show = () => {
    list.replaceChildren(...found.map((one, number) => {
      const row = document.createElement("li"), label = document.createElement("b"), help = document.createElement("span");
      row.id = `suggestion-${number}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", "false");
      label.textContent = one.label;
      help.textContent = one.help;
      help.className = "sa-second";
      row.append(label, help);
      row.addEventListener("mousedown", (event) => { event.preventDefault(); take(number); });
      return row;
    }));
    list.hidden = !found.length;
    place = -1;
    input.setAttribute("aria-expanded", String(!list.hidden));
  };
  const suggest = async () => {
    const turn = ++asked;
    const response = await fetch(`${form.dataset.suggestions}?${new URLSearchParams({ search: input.value })}`);
    if (!response.ok || response.redirected || turn !== asked) return;
    found = (await response.json()).suggestions;
    if (document.activeElement === input) show();
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(suggest, 150); });
  input.addEventListener("focus", suggest);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(place + (event.key === "ArrowDown" ? 1 : -1));
    } else if ((event.key === "Enter" || event.key === "Tab") && place >= 0 && !list.hidden) {
      event.preventDefault();
      take(place);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });

  // The histogram: a bar is a link; dragging over several shows all of them; arrow keys move among them.
  const bars = [...document.querySelectorAll(".sa-stack-bar")];
  let from = null, until = null;
  const mark = () => bars.forEach((bar, number) => {
    const [low, high] = [Math.min(from, until), Math.max(from, until)];
    bar.classList.toggle("sa-dragged", from !== null && number >= low && number <= high);
  });
  bars.forEach((bar, number) => {
    bar.draggable = false;
    bar.addEventListener("pointerdown", (event) => { if (event.button === 0) { from = until = number; } });
    bar.addEventListener("pointerenter", () => { if (from !== null) { until = number; mark(); } });
    bar.addEventListener("keydown", (event) => {
      const next = { ArrowRight: bars[number + 1], ArrowLeft: bars[number - 1] }[event.key];
      if (!next) return;
      event.preventDefault();
      event.stopPropagation();
      bar.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  });
  window.addEventListener("pointerup", () => {
    const [low, high] = [Math.min(from, until), Math.max(from, until)];
    const dragged = from !== null && low !== high;
    from = until = null;
    mark();
    if (!dragged) return;
    window.addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true });
    location.href = address({ within: null, p: null, past: null, entry: null, after: bars[low].dataset.start, before: bars[high].dataset.end });
  });

  // The panel: the whole entry beside the list. j and k, or the arrow keys, go on; Escape closes.
  const panel = document.getElementById("panel");
  const rows = [...document.querySelectorAll("[data-entry]")];
  const current = () => rows.findIndex((row) => row.classList.contains("sa-open"));
  const linkOf = (row) => row.querySelector("[data-open]");
  const open = async (row) => {
    rows.forEach((one) => one.classList.toggle("sa-open", one === row));
    linkOf(row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    const response = await fetch(`${page.dataset.entries}${row.dataset.entry}/panel/`);
    if (!response.ok || response.redirected) { location.href = linkOf(row).href; return; }
    if (!row.classList.contains("sa-open")) return;
    panel.innerHTML = await response.text();
    panel.hidden = false;
    panel.scrollTop = 0;
    htmx.process(panel);
    history.replaceState(null, "", address({ entry: row.dataset.entry }));
  };
  const shut = () => {
    const row = rows[current()];
    panel.hidden = true;
    rows.forEach((one) => one.classList.remove("sa-open"));
    history.replaceState(null, "", address({ entry: null }));
    if (row) linkOf(row).focus();
  };
  const move = (step) => {
    const focused = rows.indexOf(document.activeElement?.closest("[data-entry]"));
    const at = panel.hidden ? focused : current();
    const row = rows[Math.max(0, Math.min(at + step, rows.length - 1))];
    if (!row) return;
    if (panel.hidden) linkOf(row).focus();
    else open(row);
  };
  page.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) { shut(); return; }
    const link = event.target.closest("[data-open]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link.closest("[data-entry]"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (isTyping(event.target) || event.target.closest("dialog, [role=dialog]")) return;
    const step = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    const arrow = event.key.startsWith("Arrow");
    if (event.key === "Escape" && !panel.hidden) shut();
    else if (event.key === "/") input.focus();
    else if (step && (!arrow || !panel.hidden || event.target.closest("[data-entry]"))) move(step);
    else return;
    event.preventDefault();
  });
  const asksFor = new URL(location.href).searchParams.get("entry");
  const wanted = rows.find((row) => row.dataset.entry === asksFor);
  if (wanted) window.addEventListener("load", () => open(wanted));

  const facets = document.querySelector("[data-facets]");
  facets?.addEventListener("click", () => facets.setAttribute("aria-expanded", String(facets.ariaExpanded !== "true")));

  // New entries are announced and never move what somebody reads.
  const note = document.getElementById("newer");
  const look = async () => {
    if (document.hidden || !page.dataset.than) return;
    const url = address({ than: page.dataset.than, entry: null, p: null });
    const response = await fetch(`${page.dataset.newer}${url.search}`);
    if (!response.ok || response.redirected) return;
    const { count } = await response.json();
    if (!count) return;
    const link = document.createElement("a");
    link.href = address({ entry: null, p: null, past: null });
    link.className = "sa-button";
    link.textContent = `${count >= 100 ? "100+" : count} new`;
    if (note.textContent !== link.textContent) note.replaceChildren(link);
  };
  setInterval(look, Number(page.dataset.every) || 10000);
  document.addEventListener("visibilitychange", look);
  for (const menu of document.querySelectorAll(".sa-popover")) {
    menu.addEventListener("keydown", (event) => { if (event.key === "Escape") { menu.open = false; menu.firstElementChild.focus(); } });
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  }
})();
