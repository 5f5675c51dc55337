"use strict";
// Swagger's page in the theme of the shell, and completed for who listens to it: the language, the level of headings, a
// name for the part at the top.
(() => {
  const systemTheme = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const chosen = (localStorage.getItem("adminTheme") ?? "auto").replaceAll('"', "");  // as the shell keeps it
    document.documentElement.classList.toggle("dark-mode", chosen === "dark" || (chosen !== "light" && systemTheme.matches));
  };
  follow();
  systemTheme.addEventListener("change", follow);
  window.addEventListener("storage", follow);
  document.documentElement.lang = "en";
  const complete = () => {
    for (const heading of document.querySelectorAll("h3.opblock-tag:not([aria-level]), section.models > h4:not([aria-level])")) {
      heading.setAttribute("role", "heading");
      heading.setAttribute("aria-level", "2");
    }
    for (const heading of document.querySelectorAll(".opblock-body :is(h4, h5):not([aria-level])")) {
      heading.setAttribute("role", "heading");
      heading.setAttribute("aria-level", heading.matches("h4") ? "3" : "4");
    }
    for (const field of document.querySelectorAll(".opblock-body :is(select, input, textarea):not([aria-label])")) {
      const name = field.closest("tr")?.querySelector(".parameter__name")?.textContent;
      if (!document.querySelector(`label[for="${field.id}"]`)) field.setAttribute("aria-label", name ?? "Media type");
    }
    for (const code of document.querySelectorAll(".opblock-body pre:not([tabindex])")) code.tabIndex = 0;
    const modal = document.querySelector(".dialog-ux .modal-ux:not([role])");
    modal?.setAttribute("role", "dialog");
    modal?.setAttribute("aria-modal", "true");
    modal?.setAttribute("aria-label", "Authorize");
    for (const heading of document.querySelectorAll(".modal-ux :is(h3, h4):not([aria-level])")) {
      heading.setAttribute("role", "heading");
      heading.setAttribute("aria-level", heading.matches("h3") ? "2" : "3");
    }
    // The session is sent by itself, and no script could set its cookie.
    for (const part of document.querySelectorAll(".modal-ux .auth-container")) {
      if (part.querySelector("h4 code")?.textContent === "cookieAuth") part.hidden = true;
    }
    document.querySelector(".modal-ux .close-modal:not([aria-label])")?.setAttribute("aria-label", "Close");
    for (const button of document.querySelectorAll(".modal-ux .modal-btn[aria-label]")) button.removeAttribute("aria-label");
    const title = document.querySelector("h2.title:not([aria-level])");
    title?.setAttribute("role", "heading");
    title?.setAttribute("aria-level", "1");
    const about = document.querySelector(".information-container:not([role])");
    about?.setAttribute("role", "region");
    about?.setAttribute("aria-label", "About the API");
  };
  new MutationObserver(complete).observe(document, { childList: true, subtree: true });
})();
