/* The timeline of an instance: its readings, the lines they are compared with, the bands of its states, and where the page
   is about one time, a mark there. Without it, the page has the same in words. */
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
    const bands = shown.bands.filter(function ([condition]) { return BANDS[condition]; });
    window.seriesChart(box, document.getElementById("timeline-chart"), {
      shown: function () { return shown; },
      bands: function () {
        const mark = [...(shown.changes || []), shown.mark].filter(Boolean).map(function (at) { return [at, at, "--sa-mark"]; });
        return [...bands.map(function ([condition, begin, end]) { return [begin, end, BANDS[condition]]; }), ...mark];
      },
      lines: function () {
        return Object.entries(shown.levels || shown.lines).flatMap(function ([name, level]) {
          const line = {label: name, level: level, color: LINES[name], dashed: name !== "threshold"};
          if (shown.usual?.length) return window.usualEdges(shown.usual, line);
          return [{...line, points: Array.isArray(level) ? level : null}];
        });
      },
    });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
