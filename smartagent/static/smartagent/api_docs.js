"use strict";
// Swagger's page, completed for who listens to it: the language, the level of headings, a name for the part at the top.
(() => {
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
    const title = document.querySelector("h2.title:not([aria-level])");
    title?.setAttribute("role", "heading");
    title?.setAttribute("aria-level", "1");
    const about = document.querySelector(".information-container:not([role])");
    about?.setAttribute("role", "region");
    about?.setAttribute("aria-label", "About the API");
  };
  new MutationObserver(complete).observe(document, { childList: true, subtree: true });
})();
