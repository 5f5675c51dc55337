"use strict";
// The form of a silence: only the fields that count for what is chosen. Without this, the page has all fields.
(() => {
  const form = document.querySelector("form#silence_form");
  if (!form) return;
  const repeats = form.elements.repeats, length = form.elements.namedItem("length"); // not .length, their number
  const show = (name, wanted) => {
    const field = document.getElementById(`id_${name}`);
    const row = field && (field.closest(".form-row") || field.closest(".field-line") || field.parentElement);
    if (row) row.hidden = !wanted;
  };
  const choose = () => {
    const recurs = repeats.value !== "";
    show("recurrence", repeats.value === "custom");
    show("duration", recurs);
    show("length", !recurs);
    show("ends", recurs || length.value === "until");
  };
  repeats.addEventListener("change", choose);
  length.addEventListener("change", choose);
  choose();
})();
