"use strict";
// What a preview shows where the server has none. A preview is an element with data-preview, its name in a sentence, that
// htmx fills from the form around it.
(() => {
  const SIGNED_OUT = "You are signed out. Sign in again in another tab, then continue here.";
  const onPreview = (name, act) => document.addEventListener(`htmx:${name}`, (event) => {
    const preview = event.detail.target?.closest?.("[data-preview]");
    if (preview) act(preview, event.detail);
  });
  const pathOf = (address) => new URL(address, location.href).pathname;
  const say = (preview, why) => {
    preview.textContent = `${preview.dataset.preview} is unavailable${why}. The next change retries.`;
  };

  onPreview("beforeRequest", (preview) => preview.setAttribute("aria-busy", "true"));
  onPreview("afterRequest", (preview) => preview.removeAttribute("aria-busy"));
  onPreview("sendError", (preview) => say(preview, ": the server does not respond"));
  onPreview("beforeSwap", (preview, detail) => {
    const { xhr, requestConfig } = detail;
    const isSignedOut = pathOf(xhr.responseURL) !== pathOf(requestConfig.path); // redirected to the sign-in page
    const isAnswer = xhr.status < 400 || xhr.status === 429; // of 429 the answer says when to try again
    // What is the same is not put anew, so that a screen reader does not read it again.
    detail.shouldSwap = isAnswer && !isSignedOut && preview.innerHTML !== detail.serverResponse;
    if (isSignedOut) preview.textContent = SIGNED_OUT;
    else if (!isAnswer) say(preview, ` (${xhr.status})`);
  });
})();
