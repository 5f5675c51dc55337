"use strict";
// Keeps the badges of the navigation up to date, twice a minute, while somebody looks.
const refreshBadges = async () => {
  if (document.hidden || !document.querySelector("[data-badge]")) return;
  const response = await fetch("/badges/", { headers: { Accept: "application/json" } });
  if (!response.ok) return;
  const counts = await response.json();
  for (const badge of document.querySelectorAll("[data-badge]")) badge.textContent = counts[badge.dataset.badge] ?? "";
};
setInterval(() => refreshBadges().catch(() => {}), 30000);
document.addEventListener("visibilitychange", () => refreshBadges().catch(() => {}));
