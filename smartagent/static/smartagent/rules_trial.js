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
    let shown = null, chart = null, picked = false, timer = null, later = null, asking = null;

    const LINES = [["threshold_value", "--sa-line"], ["critical_threshold", "--sa-critical"], ["recovery_threshold", "--sa-recovery"]];
    function color(name) {
      return getComputedStyle(box).getPropertyValue(name).trim();
    }
    function value(name) {
      const field = form.elements.namedItem(name), text = field ? field.value.trim() : "";
      return text !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
    }
    function clock(milliseconds, whole) {
      const options = whole ? {dateStyle: "medium", timeStyle: "short"} :
        shown.end - shown.start > 2 * 86400000 ? {day: "numeric", month: "short"} : {hour: "2-digit", minute: "2-digit"};
      try {
        return new Intl.DateTimeFormat("en-GB", {timeZone: box.dataset.timeZone, ...options}).format(milliseconds);
      } catch (error) { // a zone that the browser does not know
        return new Intl.DateTimeFormat("en-GB", options).format(milliseconds);
      }
    }
    function lines() {
      if (!shown) return [];
      return LINES.map(function ([name, key]) {
        const level = value(name);
        return {
          label: name.replace("_", " ").replace(" value", ""), borderColor: color(key), borderDash: name === "threshold_value" ? [] : [5, 4],
          borderWidth: 1.5, pointRadius: 0, pointHitRadius: 0, level: level,
          data: level === null ? [] : [{x: shown.start, y: level}, {x: shown.end, y: level}],
        };
      });
    }
    const bands = {
      id: "bands",
      beforeDatasetsDraw: function (drawn) {
        if (!shown) return;
        const x = drawn.scales.x, area = drawn.chartArea, paint = drawn.ctx;
        paint.save();
        for (const [begin, end, critical] of shown.periods) {
          const left = Math.max(area.left, x.getPixelForValue(begin));
          const right = Math.min(area.right, x.getPixelForValue(end === null ? shown.end : end));
          paint.fillStyle = color(critical ? "--sa-firing-critical" : "--sa-firing");
          paint.fillRect(left, area.top, Math.max(1, right - left), area.bottom - area.top);
        }
        paint.restore();
      },
    };
    function ticksOf(scale) { // at midnights where it is days, so that the labels stand at what they name
      const day = 86400000, long = shown.end - shown.start > 2 * day;
      const step = long ? Math.ceil((shown.end - shown.start) / day / 6) * day : 4 * 3600000;
      const ticks = [];
      for (let at = Math.ceil(shown.start / step) * step; at <= shown.end; at += step) ticks.push({value: at});
      scale.ticks = ticks;
    }
    function draw() {
      const data = {
        datasets: [{
          label: shown.label, data: shown.points.map(function ([x, y]) { return {x: x, y: y}; }), stepped: shown.steps,
          borderColor: color("--sa-series"), borderWidth: 1.5, pointRadius: shown.points.length === 1 ? 3 : 0,
          pointHitRadius: 6, spanGaps: false,
        }, ...lines()],
      };
      if (chart) {
        chart.data = data;
        chart.options.scales.x.min = shown.start;
        chart.options.scales.x.max = shown.end;
        chart.update();
        return;
      }
      chart = new Chart(document.getElementById("trial-chart"), {
        type: "line", data: data, plugins: [bands],
        options: {
          animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true,
          interaction: {mode: "nearest", axis: "x", intersect: false},
          plugins: {
            legend: {display: false},
            tooltip: {
              filter: function (item) { return item.datasetIndex === 0; },
              callbacks: {title: function (items) { return items.length ? clock(items[0].parsed.x, true) : ""; }},
            },
          },
          scales: {
            x: {
              type: "linear", min: shown.start, max: shown.end, grid: {display: false}, afterBuildTicks: ticksOf,
              ticks: {maxRotation: 0, autoSkip: true, callback: function (at) { return clock(at, false); }},
            },
            y: {border: {display: false}, grid: {color: color("--sa-grid")}, ticks: {maxTicksLimit: 6}},
          },
        },
      });
    }
    function move() { // the lines follow at once
      if (!chart || !shown) return;
      lines().forEach(function (line, number) { chart.data.datasets[number + 1] = line; });
      chart.update();
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
        if (answer.redirected) say("You are signed out. Sign in again in another tab, and go on here.");
        else if (!answer.ok) say("This cannot be shown just now (" + answer.status + "). It is tried again with the next change.");
        else show(await answer.json());
      } catch (error) {
        if (error.name === "AbortError") return;
        say("This cannot be shown: the server does not answer. It is tried again with the next change.");
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
    new MutationObserver(function () { // the other theme has other colours
      if (!chart) return;
      chart.options.scales.y.grid.color = color("--sa-grid");
      chart.data.datasets[0].borderColor = color("--sa-series");
      move();
    }).observe(document.documentElement, {attributeFilter: ["class"]});
    ask("all");
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
