"use strict";
// The form of a rule: only the options of the chosen action, and further conditions in rows. Without this, the page has all
// options, and buttons that add and remove a row.
(() => {
  const form = document.querySelector("form#automationrule_form");
  const action = document.getElementById("id_action_type");
  if (!form || !action) return;
  const rowOf = (field) => field.closest(".form-row") || field.closest(".field-line") || field.parentElement;

  const showOptions = () => {
    for (const part of document.querySelectorAll("[data-actions]")) {
      const row = part.matches("li") ? part : part.closest("[data-row]") || rowOf(part);
      row.hidden = !part.dataset.actions.split(" ").includes(action.value);
    }
  };
  action.addEventListener("change", showOptions);
  showOptions();

  // A window or a parameter is asked for only where there is one; how conditions are joined, only where there are several.
  const reducer = document.getElementById("id_reducer"), span = document.getElementById("id_evaluation_window");
  const conditions = document.querySelector(".sa-conditions"), match = document.getElementById("id_match");
  const rows = () => [...(conditions?.querySelectorAll("[data-rows] [data-row-of-condition]") ?? [])];
  const showWindow = (input, part, none) => {
    if (none) input.value = "";
    part.hidden = none;
  };
  // The reducers without a window, and those with a parameter: its label and an example.
  const withoutWindow = ["last", "unusual"];
  const parameters = { quantile: ["Quantile (0 to 1)", "0.95"], predict_linear: ["Predict ahead", "4h"] };
  const parameter = document.getElementById("id_reducer_parameter");
  const showParameter = (input, part, label, kind) => {
    showWindow(input, part, !(kind in parameters));
    const [text, example] = parameters[kind] ?? ["Parameter", ""];
    if (label) label.textContent = text;
    input.placeholder = example;
  };
  const showWindows = () => {
    if (reducer && span) showWindow(span, rowOf(span), withoutWindow.includes(reducer.value));
    if (reducer && parameter) {
      const row = rowOf(parameter);
      showParameter(parameter, row, row.querySelector("label"), reducer.value);
    }
    for (const row of rows()) {
      const part = row.querySelector("[data-window]"), kind = row.querySelector("[data-reducer]").value;
      showWindow(part.querySelector("input"), part, withoutWindow.includes(kind));
      const extra = row.querySelector("[data-parameter]");
      showParameter(extra.querySelector("input"), extra, extra.querySelector("[data-parameter-label]"), kind);
    }
    if (!conditions || !match) return;
    rowOf(match).hidden = rows().length === 0;
    conditions.querySelector("[data-add]").hidden = rows().length >= Number(conditions.dataset.most);
  };
  // Series are chosen and grouped only where there is an instance for each of them.
  const field = (name) => document.getElementById(`id_${name}`);
  const showSeries = () => {
    const mode = field("series_mode"), target = field("target_integration");
    if (!mode) return;
    const one = mode.value === "one", by = mode.value === "by";
    showWindow(field("matchers"), rowOf(field("matchers")), one);
    showWindow(field("group_by"), rowOf(field("group_by")), !by);
    rowOf(field("series_aggregate")).hidden = !by;
    if (target) showWindow(target, rowOf(target), !one);
  };
  form.addEventListener("change", showSeries);
  showSeries();
  form.addEventListener("change", showWindows);
  showWindows();

  // The description that a template has filled in follows the fields, composed by the server, until somebody edits it.
  const description = document.getElementById("id_description");
  let composed = document.querySelector("[data-draft][data-posted]") ? null : description?.defaultValue;
  document.addEventListener("htmx:afterSwap", (event) => {
    const fresh = event.target.querySelector?.("[data-description]")?.dataset.description;
    if (!description || fresh === undefined) return;
    if (description.value === composed) description.value = fresh;
    composed = fresh;
  });

  let next = rows().length + 100;
  const add = () => {
    const html = conditions.querySelector("template").innerHTML.replaceAll("__n__", String(next++));
    conditions.querySelector("[data-rows]").insertAdjacentHTML("beforeend", html);
    return rows().at(-1).querySelector("input");
  };
  const remove = (button) => {
    button.closest("[data-row-of-condition]").remove();
    return conditions.querySelector("[data-add]");
  };
  conditions?.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add], [data-remove]");
    if (!button) return;
    event.preventDefault();
    const focus = button.matches("[data-add]") ? add() : remove(button);
    form.dispatchEvent(new Event("change", { bubbles: true })); // the previews follow
    focus.focus();
  });
})();
