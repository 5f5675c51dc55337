"use strict";
// The chart of the backtest, of the data that comes with its sentence; the lines of the thresholds move while one types.
(() => {
  const form = document.querySelector("form#automationrule_form"), box = document.getElementById("trial");
  if (!form || !box || typeof Chart === "undefined") return;
  const LINES = { threshold_value: "--sa-line", critical_threshold: "--sa-critical", recovery_threshold: "--sa-recovery" };
  const frame = box.querySelector(".sa-trial-chart"), legend = box.querySelector(".sa-legend");
  const people = document.getElementById("trial-people"), picker = people.querySelector("select");
  let shown = null, redraw = null, picked = "";

  const field = (name) => form.elements.namedItem(name)?.value.trim() ?? "";
  const isOnEveryone = () => field("applies_to") === "everyone";
  const level = (name) => (field(name) !== "" && Number.isFinite(Number(field(name))) ? Number(field(name)) : null);
  const chart = {
    shown: () => shown,
    bands: () => shown.periods.map(([begin, end, critical]) =>
      [begin, end ?? shown.end, critical ? "--sa-firing-critical" : "--sa-firing"]),
    lines: () => Object.entries(LINES).map(([name, color]) => ({
      label: name.replace("_", " ").replace(" value", ""), level: level(name), color, dashed: name !== "threshold_value",
    })).flatMap((line) => (shown.usual.length ? window.usualEdges(shown.usual, line) : [line])),
  };

  const showPeople = () => {
    if (shown.people.length) {
      picker.replaceChildren(...shown.people.map(([key, name]) => new Option(name, key, false, key === shown.person)));
    }
    people.hidden = !isOnEveryone() || picker.options.length < 2;
    if (!people.hidden) picker.value = picked || shown.person;
  };
  const show = () => {
    const data = document.getElementById("trial-data");
    if (!data) return;
    shown = JSON.parse(data.textContent);
    const isDrawable = shown.points.some(([, value]) => value !== null);
    frame.hidden = legend.hidden = !isDrawable;
    legend.children[1].hidden = level("critical_threshold") === null;
    legend.children[2].hidden = level("recovery_threshold") === null;
    legend.children[4].hidden = !shown.usual.length;
    showPeople();
    if (!isDrawable) return;
    if (redraw) redraw();
    else redraw = window.seriesChart(box, document.getElementById("trial-chart"), chart);
  };

  // Of a rule on everyone, the one in the chart is answered first; whom it fires for most, until somebody is picked.
  const choose = ({ detail: { parameters } }) => {
    const isOne = isOnEveryone() && shown && !parameters.trial_scope;
    parameters.trial_scope ||= isOne ? "one" : "all";
    parameters.trial_person = !isOnEveryone() ? "" : picked || (isOne ? shown.person : "");
  };

  const words = document.getElementById("trial-words");
  words.addEventListener("htmx:configRequest", choose);
  words.addEventListener("htmx:afterOnLoad", show);
  picker.addEventListener("change", () => { picked = picker.value; }); // an answer that is on its way changes nothing
  form.addEventListener("input", () => redraw?.());
})();
