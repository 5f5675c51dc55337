/* Beside the form of a rule: what it would have done. The lines of the thresholds move while one types; the times in
   which it fires, and the sentence, follow from the server. */
(function () {
  "use strict";
  const SOON = 200, LATER = 700;
  function start() {
    const form = document.querySelector("form#automationrule_form"), box = document.getElementById("trial");
    if (!form || !box || typeof Chart === "undefined") return;
    const words = document.getElementById("trial-words"), frame = box.querySelector(".sa-trial-chart");
    const legend = box.querySelector(".sa-legend"), people = document.getElementById("trial-people");
    const picker = people.querySelector("select");
    let shown = null, redraw = null, picked = false, timer = null, later = null, asking = null;

    const LINES = [["threshold_value", "--sa-line"], ["critical_threshold", "--sa-critical"], ["recovery_threshold", "--sa-recovery"]];
    function value(name) {
      const field = form.elements.namedItem(name), text = field ? field.value.trim() : "";
      return text !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
    }
    const page = {
      shown: function () { return shown; },
      bands: function () {
        return shown.periods.map(function ([begin, end, critical]) {
          return [begin, end === null ? shown.end : end, critical ? "--sa-firing-critical" : "--sa-firing"];
        });
      },
      lines: function () {
        return LINES.map(function ([name, color]) {
          return {label: name.replace("_", " ").replace(" value", ""), level: value(name), color: color, dashed: name !== "threshold_value"};
        });
      },
    };
    function draw() {
      if (redraw) redraw();
      else redraw = window.seriesChart(box, document.getElementById("trial-chart"), page);
    }
    function move() { // the lines follow at once
      if (redraw) redraw();
    }
    function showPeople(found, one) {
      if (found.length) {
        picker.replaceChildren(...found.map(function ([key, name]) { return new Option(name, key, false, key === one); }));
      }
      people.hidden = !onEveryone() || picker.options.length < 2;
      if (!people.hidden) picker.value = one;
    }
    function onEveryone() {
      const field = form.elements.namedItem("applies_to");
      return Boolean(field) && field.value === "everyone";
    }
    function show(answer) {
      words.innerHTML = answer.html;
      box.classList.remove("sa-stale");
      if (!answer.chart) {
        box.classList.add("sa-stale");
        return;
      }
      shown = answer.chart;
      const drawable = shown.points.some(function (point) { return point[1] !== null; });
      frame.hidden = legend.hidden = !drawable;
      legend.children[1].hidden = value("critical_threshold") === null;
      legend.children[2].hidden = value("recovery_threshold") === null;
      showPeople(shown.people, shown.person);
      if (drawable) draw();
    }
    async function ask(scope) {
      if (asking) asking.abort();
      const mine = asking = new AbortController(), body = new FormData(form);
      body.set("trial_scope", scope);
      // Of a rule on everyone the server shows whom it fires for most, until somebody is picked.
      const one = picked ? picker.value : scope === "one" && shown ? shown.person : "";
      body.set("trial_person", onEveryone() ? one : "");
      box.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(box.dataset.address, {
          method: "POST", body: body, headers: {"X-Requested-With": "fetch"}, signal: mine.signal,
        });
        if (mine !== asking) return;
        if (answer.redirected) say("You are signed out. Sign in again in another tab, then continue here.");
        else if (!answer.ok && answer.status !== 429) say("The backtest is unavailable (" + answer.status + "). The next change retries.");
        else show(await answer.json());
      } catch (error) {
        if (error.name === "AbortError") return;
        say("The backtest is unavailable: the server does not respond. The next change retries.");
      }
      if (mine === asking) {
        box.removeAttribute("aria-busy");
        if (scope === "one" && onEveryone()) later = setTimeout(ask, LATER - SOON, "all");
      }
    }
    function say(text) {
      words.textContent = text;
      box.classList.add("sa-stale");
    }
    function soon() {
      clearTimeout(timer);
      clearTimeout(later);
      timer = setTimeout(ask, SOON, onEveryone() && shown ? "one" : "all");
    }
    picker.addEventListener("change", function () { picked = true; });
    form.addEventListener("input", function () { move(); soon(); });
    form.addEventListener("change", soon);
    ask("all");
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
