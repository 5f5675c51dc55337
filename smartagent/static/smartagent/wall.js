"use strict";
// Keeps the wall display up to date, and says since when it is not.
(() => {
  const EVERY = 20000, TIMEOUT = 15000;
  const stale = document.getElementById("stale");
  let newest = new Date();

  const say = (words) => { stale.textContent = words; stale.hidden = !words; };
  const clock = (time) => time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

  const refresh = async () => {
    try {
      const response = await fetch(location.href, { signal: AbortSignal.timeout(TIMEOUT) });
      if (response.redirected) return say("Signed out. Sign in again on this display.");
      if (!response.ok) throw new Error(`status ${response.status}`);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      document.getElementById("wall").replaceWith(page.getElementById("wall"));
      document.title = page.title;
      newest = new Date();
      say("");
    } catch (error) {
      console.warn("The display could not be refreshed; it is tried again.", error);
      say(`Not updated since ${clock(newest)}`);
    }
  };
  setInterval(refresh, EVERY);
})();
