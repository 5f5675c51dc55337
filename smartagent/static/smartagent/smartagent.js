"use strict";
// Keeps what is shown up to date, twice a minute, while somebody looks: the badges of the navigation on every page, and
// on the overview every part marked data-live.
(() => {
  const EVERY = 30000;
  let stopped = false;

  // A count in the title of the inbox: (3) Notifications | Smart Agent
  const showInTitle = () => {
    const unread = document.querySelector("[data-badge=unread]");
    if (!unread || !unread.closest("a.active")) return;
    const title = document.title.trim().replace(/^\(\d+\+?\) /, "");
    document.title = unread.textContent ? `(${unread.textContent}) ${title}` : title;
  };

  const showBadges = (counts) => {
    for (const badge of document.querySelectorAll("[data-badge]")) badge.textContent = counts[badge.dataset.badge] ?? "";
    showInTitle();
  };

  const showParts = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
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
    words.innerHTML = 'You are signed out, so this page stands still. <a href="">Sign in again</a>';
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
  };

  // Copies what is in the field that data-copy names; without a secure connection the field is marked instead.
  const copy = async (button) => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
    else document.execCommand("copy");
    button.textContent = "Copied";
  };

  window.addEventListener("load", () => {
    showInTitle();
    paintCharts();
    new MutationObserver(paintCharts).observe(document.documentElement, { attributeFilter: ["class"] });
    for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
  });
})();
