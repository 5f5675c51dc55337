"use strict";
// Bars that are links: arrow keys move among them, Enter opens one. It also works for bars that came later.
document.addEventListener("keydown", (event) => {
  const bar = event.target.closest?.(".sa-stack-bar");
  const next = bar && { ArrowRight: bar.nextElementSibling, ArrowLeft: bar.previousElementSibling }[event.key];
  if (!next) return;
  event.preventDefault();
  bar.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});
