/* A chart of readings over time: a line, thresholds across it, and bands behind it. What is drawn is given by the page:
   seriesChart(box, canvas, {shown, bands, lines}) where `shown` has start, end, points and steps, `bands` gives
   [begin, end, colour] and `lines` gives {label, level, colour, dashed}; `points` instead of a level are those of a line in steps, and
   `fill` is the colour between it and the line before. Colours are names of properties of `box`. */
/* A line of `level` deviations around what is usual in each hour, [at, median, deviation]: its two edges. A level is a number,
   or steps [at, level]. Between the edges of the first threshold is what is not unusual. */
window.usualEdges = function (usual, line) {
  "use strict";
  function levelAt(at) {
    const steps = Array.isArray(line.level) ? line.level : [[-Infinity, line.level]];
    return (steps.findLast(function ([from]) { return from <= at; }) || steps[0])[1];
  }
  function edge(sign) {
    return usual.map(function ([at, median, deviation]) {
      const level = levelAt(at);
      return [at, median === null || level === null ? null : median + sign * level * deviation];
    });
  }
  return [{...line, points: edge(-1), fill: ""}, {...line, points: edge(1), fill: line.dashed ? "" : "--sa-usual"}];
};
window.seriesChart = function (box, canvas, page) {
  "use strict";
  const DAY = 86400000;
  function color(name) {
    return getComputedStyle(box).getPropertyValue(name).trim();
  }
  function isLong() {
    return page.shown().end - page.shown().start > 2 * DAY;
  }
  function clock(at, whole) {
    const options = whole ? {dateStyle: "medium", timeStyle: "short"} :
      isLong() ? {day: "numeric", month: "short"} : {hour: "2-digit", minute: "2-digit"};
    try {
      return new Intl.DateTimeFormat("en-GB", {timeZone: box.dataset.timeZone, ...options}).format(at);
    } catch (error) { // a zone that the browser does not know
      return new Intl.DateTimeFormat("en-GB", options).format(at);
    }
  }
  function ticksOf(scale) { // at even hours, or at midnights where it is days
    const {start, end} = page.shown();
    const step = isLong() ? Math.ceil((end - start) / DAY / 6) * DAY : 4 * 3600000;
    scale.ticks = [];
    for (let at = Math.ceil(start / step) * step; at <= end; at += step) scale.ticks.push({value: at});
  }
  function sets() {
    const shown = page.shown();
    const readings = {
      label: shown.label || "reading", data: shown.points.map(function ([x, y]) { return {x: x, y: y}; }),
      stepped: shown.steps, borderColor: color("--sa-series"), borderWidth: 1.5,
      pointRadius: shown.points.length === 1 ? 3 : 0, pointHitRadius: 6, spanGaps: false,
    };
    return [readings, ...page.lines().map(function (line) {
      return {
        label: line.label, borderColor: color(line.color), borderDash: line.dashed ? [5, 4] : [], borderWidth: line.fill === undefined ? 1.5 : 1,
        fill: line.fill ? {target: "-1", above: color(line.fill), below: color(line.fill)} : false,
        pointRadius: 0, pointHitRadius: 0, stepped: Boolean(line.points), spanGaps: false,
        data: line.points ? line.points.map(function ([x, y]) { return {x: x, y: y}; }) : line.level === null ? [] : [{x: shown.start, y: line.level}, {x: shown.end, y: line.level}],
      };
    })];
  }
  const bands = {
    id: "bands",
    beforeDatasetsDraw: function (drawn) {
      const x = drawn.scales.x, area = drawn.chartArea, paint = drawn.ctx;
      paint.save();
      for (const [begin, end, name] of page.bands()) {
        const left = Math.max(area.left, x.getPixelForValue(begin)), right = Math.min(area.right, x.getPixelForValue(end));
        paint.fillStyle = color(name);
        paint.fillRect(left, area.top, Math.max(1.5, right - left), area.bottom - area.top);
      }
      paint.restore();
    },
  };
  const chart = new Chart(canvas, {
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
          type: "linear", min: page.shown().start, max: page.shown().end, grid: {display: false}, afterBuildTicks: ticksOf,
          ticks: {maxRotation: 0, autoSkip: true, callback: function (at) { return clock(at, false); }},
        },
        y: {border: {display: false}, grid: {color: color("--sa-grid")}, ticks: {maxTicksLimit: 6}},
      },
    },
  });
  function redraw() {
    chart.data.datasets = sets();
    chart.options.scales.x.min = page.shown().start;
    chart.options.scales.x.max = page.shown().end;
    chart.options.scales.y.grid.color = color("--sa-grid");
    chart.update();
  }
  new MutationObserver(redraw).observe(document.documentElement, {attributeFilter: ["class"]}); // the other theme's colours
  return redraw;
};
