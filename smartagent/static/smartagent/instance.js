/* The timeline of an instance: its readings, the lines they are compared with, and the bands of its states. Without it,
   the page has the same in words. */
(function () {
  "use strict";
  const LINES = {threshold: "--sa-line", critical: "--sa-critical", recovery: "--sa-recovery"};
  const BANDS = {
    firing: "--sa-firing", recovering: "--sa-recovering", pending: "--sa-pending", error: "--sa-firing-critical",
    no_data: "--sa-nothing",
  };
  function start() {
    const box = document.getElementById("timeline"), data = document.getElementById("timeline-data");
    if (!box || !data || typeof Chart === "undefined") return;
    const shown = JSON.parse(data.textContent);
    if (!shown.points.some(function (point) { return point[1] !== null; })) return;
    box.querySelector(".sa-chart").hidden = false;

    function color(name) {
      return getComputedStyle(box).getPropertyValue(name).trim();
    }
    function clock(at, whole) {
      const options = whole ? {dateStyle: "medium", timeStyle: "short"} :
        shown.end - shown.start > 2 * 86400000 ? {day: "numeric", month: "short"} : {hour: "2-digit", minute: "2-digit"};
      try {
        return new Intl.DateTimeFormat("en-GB", {timeZone: box.dataset.timeZone, ...options}).format(at);
      } catch (error) { // a zone that the browser does not know
        return new Intl.DateTimeFormat("en-GB", options).format(at);
      }
    }
    function ticksOf(scale) { // at even hours, or at midnights where it is days
      const day = 86400000, long = shown.end - shown.start > 2 * day;
      const step = long ? Math.ceil((shown.end - shown.start) / day / 6) * day : 4 * 3600000;
      scale.ticks = [];
      for (let at = Math.ceil(shown.start / step) * step; at <= shown.end; at += step) scale.ticks.push({value: at});
    }
    function sets() {
      const readings = {
        label: "reading", data: shown.points.map(function ([x, y]) { return {x: x, y: y}; }), stepped: shown.steps,
        borderColor: color("--sa-series"), borderWidth: 1.5, pointRadius: shown.points.length === 1 ? 3 : 0, pointHitRadius: 6,
      };
      return [readings, ...Object.entries(shown.lines).map(function ([name, level]) {
        return {
          label: name, borderColor: color(LINES[name]), borderDash: name === "threshold" ? [] : [5, 4], borderWidth: 1.5,
          pointRadius: 0, pointHitRadius: 0, data: [{x: shown.start, y: level}, {x: shown.end, y: level}],
        };
      })];
    }
    const bands = {
      id: "bands",
      beforeDatasetsDraw: function (drawn) {
        const x = drawn.scales.x, area = drawn.chartArea, paint = drawn.ctx;
        paint.save();
        for (const [condition, begin, end] of shown.bands) {
          if (!BANDS[condition]) continue;
          const left = Math.max(area.left, x.getPixelForValue(begin)), right = Math.min(area.right, x.getPixelForValue(end));
          paint.fillStyle = color(BANDS[condition]);
          paint.fillRect(left, area.top, Math.max(1, right - left), area.bottom - area.top);
        }
        paint.restore();
      },
    };
    const chart = new Chart(document.getElementById("timeline-chart"), {
      type: "line", data: {datasets: sets()}, plugins: [bands],
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
    new MutationObserver(function () { // the other theme has other colours
      chart.data.datasets = sets();
      chart.options.scales.y.grid.color = color("--sa-grid");
      chart.update();
    }).observe(document.documentElement, {attributeFilter: ["class"]});
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
