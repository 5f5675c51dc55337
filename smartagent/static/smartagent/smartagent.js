"use strict";
// Keeps what is shown up to date, twice a minute, while somebody looks: the badges of the navigation on every page, and
// on the overview every part marked data-live.
(() => {
  const EVERY = 30000;
  let stopped = false;

  // A count in the title of the inbox: (3) Notifications | Smart Agent
  const showInTitle = () => {
    const unread = document.querySelector("a.active [data-badge=unread]");
    if (!unread) return;
    const title = document.title.trim().replace(/^\(\d+\+?\) /, "");
    document.title = unread.textContent ? `(${unread.textContent}) ${title}` : title;
  };

  const showBadges = (counts) => {
    for (const badge of document.querySelectorAll("[data-badge]")) badge.textContent = counts[badge.dataset.badge] ?? "";
    showInTitle();
  };

  const showChart = (canvas, fresh) => {
    const chart = Chart.getChart(canvas);
    const { labels, datasets } = JSON.parse(fresh.dataset.value);
    chart.data.labels = labels;
    chart.data.datasets.forEach((dataset, number) => { dataset.data = datasets[number].data; });
    chart.update();
  };

  const showParts = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const canvas of document.querySelectorAll("canvas.chart[id]")) {
      const fresh = page.getElementById(canvas.id);
      if (fresh) showChart(canvas, fresh);
    }
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(part.id);
      if (fresh && !part.contains(document.activeElement)) part.innerHTML = fresh.innerHTML;
    }
  };

  const sayOnce = () => {
    stopped = true;
    const words = document.createElement("p");
    words.id = "signed-out";
    words.setAttribute("role", "alert");
    words.innerHTML = 'You are signed out; this page no longer updates. <a href="">Sign in again</a>';
    document.body.append(words);
  };

  const ask = async (address) => {
    const response = await fetch(address);
    if (response.redirected) sayOnce();
    return response.ok && !response.redirected ? response : null;
  };

  const refresh = async () => {
    if (document.hidden || stopped || !document.querySelector("[data-badge]")) return;
    try {
      const badges = await ask("/badges/");
      if (badges) showBadges(await badges.json());
      if (badges && document.querySelector("[data-live]")) {
        const page = await ask(location.href);
        if (page) showParts(await page.text());
      }
    } catch (error) {
      console.warn("The page could not be refreshed; it is tried again in half a minute.", error);
    }
  };

  setInterval(refresh, EVERY);
  document.addEventListener("visibilitychange", refresh);

  // The words of charts are readable on both grounds.
  const paintCharts = () => {
    const dark = document.documentElement.classList.contains("dark");
    const name = dark ? "--color-base-300" : "--color-base-600";
    Chart.defaults.color = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    for (const chart of Object.values(Chart.instances)) {
      for (const scale of Object.values(chart.options.scales)) scale.ticks.color = Chart.defaults.color;
      chart.update();
    }
  };

  // Copies what is in the field that data-copy names; without a secure connection the field is marked instead.
  const copy = async (button) => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
    else document.execCommand("copy");
    button.textContent = "Copied";
  };

  // On a phone Unfold names each cell after its column, in the column's own lower case.
  const nameCells = () => {
    for (const cell of document.querySelectorAll("td[data-label], th[data-label]")) {
      cell.dataset.label = cell.dataset.label.replace(/^./u, (letter) => letter.toUpperCase());
    }
  };

  // A field that is chosen by typing has the name of its label, its search box and its list have one too.
  const nameChoices = () => {
    for (const choice of document.querySelectorAll(".select2-selection[role=combobox]")) {
      const field = choice.closest(".select2-container").previousElementSibling;
      const label = document.querySelector(`label[for="${field?.id}"]`);
      if (!label) continue;
      label.id ||= `${field.id}-label`;
      const value = choice.querySelector("[role=textbox]");
      value?.setAttribute("aria-labelledby", label.id);
      choice.setAttribute("aria-labelledby", [label.id, value?.id].filter(Boolean).join(" "));
    }
  };
  document.addEventListener("focusin", ({ target }) => {
    if (!target.matches(".select2-search__field")) return;
    target.ariaLabel ||= "Search";
    const list = document.querySelector(".select2-results__options"), around = list?.closest("body > .select2-container");
    if (list) list.ariaLabel = "Choices";
    if (around) Object.assign(around, { role: "region", ariaLabel: "Choose" });
    for (const choice of document.querySelectorAll(".select2-selection[aria-owns]")) {
      choice.setAttribute("aria-controls", choice.getAttribute("aria-owns"));
    }
  });

  // Each region that scrolls has a name of its own, before SimpleBar makes it.
  document.addEventListener("DOMContentLoaded", () => {
    for (const region of document.querySelectorAll("[data-simplebar]")) {
      const name = (region.closest("#nav-sidebar") && "Navigation") || (region.closest("#changelist-filter") && "Filters") || "List";
      region.dataset.simplebarAriaLabel = `${name}, scrollable`;
    }
  });

  window.addEventListener("load", () => {
    showInTitle();
    nameCells();
    nameChoices();
    for (const field of document.querySelectorAll("select.admin-autocomplete")) { // which Select2 may make, or write, later
      new MutationObserver(nameChoices).observe(field.parentElement, { childList: true, subtree: true });
    }
    paintCharts();
    // The names of the icons are not read out before the words beside them.
    for (const icon of document.querySelectorAll("#nav-sidebar .material-symbols-outlined")) icon.ariaHidden = "true";
    new MutationObserver(paintCharts).observe(document.documentElement, { attributeFilter: ["class"] });
    for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
    for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
  });
})();
