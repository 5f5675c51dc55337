"use strict";
// The bell opens a panel with the newest of the inbox. Escape, Tab past its end and a click beside it close it; what is
// done in it is done without leaving the page. A click with Ctrl or the middle button opens the inbox, as a link does.
document.addEventListener("DOMContentLoaded", () => {
  const bell = document.getElementById("bell");
  const panel = document.getElementById("bell-panel");
  if (!bell || !panel) return;
  const status = document.getElementById("bell-status");
  let asked = 0; // only the newest answer counts

  bell.setAttribute("role", "button");
  bell.setAttribute("aria-haspopup", "dialog");
  bell.setAttribute("aria-controls", panel.id);
  bell.setAttribute("aria-expanded", "false");

  const put = (...parts) => {
    const box = document.createElement("div");
    box.className = "sa-panel";
    for (const [name, text, more] of parts) box.append(Object.assign(document.createElement(name), { textContent: text }, more));
    panel.replaceChildren(box);
  };

  const putTrouble = (words) => {
    const again = ["button", "Try again", { type: "button", className: "sa-link", onclick: () => load() }];
    put(["p", words, { className: "sa-panel-empty" }], again, ["a", "Open the inbox", { href: bell.href, className: "sa-link" }]);
    panel.firstChild.classList.add("sa-panel-trouble");
    status.textContent = words;
  };

  const show = (html) => {
    panel.innerHTML = html;
    const { unread, result: words } = panel.querySelector("[data-unread]").dataset;
    for (const badge of document.querySelectorAll("[data-badge=unread]")) badge.textContent = unread;
    status.textContent = words || `${panel.querySelectorAll("li").length} shown, ${unread || "none"} unread.`;
  };

  const fetchPanel = async (address, options = {}) => {
    const mine = ++asked;
    panel.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { ...options, headers: { "X-Panel": "1" } });
      if (mine !== asked) return false;
      if (response.redirected) putTrouble("You are signed out. Open the inbox to sign in again.");
      else if (!response.ok) putTrouble("Notifications are not available.");
      else show(await response.text());
      return response.ok && !response.redirected;
    } catch {
      if (mine === asked) putTrouble("The server does not respond.");
      return false;
    } finally {
      if (mine === asked) panel.removeAttribute("aria-busy");
    }
  };

  const load = async () => {
    put(["p", "Loading …", { className: "sa-panel-empty" }]);
    await fetchPanel(bell.dataset.panel);
    if (!panel.hidden) panel.focus();
  };

  const open = () => {
    panel.hidden = false;
    bell.setAttribute("aria-expanded", "true");
    panel.focus();
    load();
  };

  const close = (back) => {
    asked += 1;
    panel.hidden = true;
    bell.setAttribute("aria-expanded", "false");
    if (back) bell.focus();
  };

  // What is done stays where it was: the same button of the row that has come into its place, else the panel.
  const send = async (form, button) => {
    const rows = [...panel.querySelectorAll("li")];
    const place = rows.indexOf(form.closest("li"));
    const which = [...(form.closest("li") ?? form).querySelectorAll("button")].indexOf(button);
    const address = button?.getAttribute("formaction") || form.action;
    const data = new FormData(form);
    for (const each of panel.querySelectorAll("button")) each.disabled = true;
    await fetchPanel(address, { method: "POST", body: data });
    if (panel.hidden) return;
    const left = panel.querySelectorAll("li");
    const row = place < 0 ? null : left[Math.min(place, left.length - 1)];
    const buttons = row?.querySelectorAll("button") ?? [];
    (buttons[which] ?? buttons[0] ?? panel).focus();
  };

  bell.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (panel.hidden) open();
    else close(true);
  });
  bell.addEventListener("keydown", (event) => {
    if (event.key === " ") { event.preventDefault(); bell.click(); }
  });
  panel.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target, event.submitter);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) { event.stopPropagation(); close(true); }
  }, true);
  document.addEventListener("focusin", (event) => {
    if (!panel.hidden && !panel.contains(event.target) && event.target !== bell) close(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!panel.hidden && !event.target.closest(".sa-bell")) close(false);
  });
});
