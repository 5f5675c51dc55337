"use strict";
// A field of recipients as a picker: the chosen ones as chips, suggestions while one types. The field itself keeps the
// text with commas and is what is sent; without this script it is what one types into.
(() => {
  const WAIT = 150;
  const KINDS = { "group:": "Group", "channel:": "Channel" };
  const parts = (text) => [...new Set(text.split(/[,;\n]/).map((part) => part.trim().replace(/\s+/g, " ")).filter(Boolean))];
  const kindOf = (value) => {
    if (value === "owner") return "Owner";
    for (const [start, kind] of Object.entries(KINDS)) if (value.startsWith(start)) return kind;
    return value.includes("@") || /^[0-9a-f-]{36}$/i.test(value) ? "Person" : "Role";
  };
  const nameOf = (value) => value === "owner" ? "of the rule" : value.replace(/^(group|channel):/, "");
  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const enhance = (field) => {
    const id = field.id, label = document.querySelector(`label[for="${id}"]`)?.textContent.trim() || "Recipients";
    const chips = make("ul", { class: "sa-chips", "aria-label": `${label}, chosen` });
    const input = make("input", {
      type: "text", role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", autocomplete: "off",
      "aria-controls": `${id}-list`, spellcheck: "false", placeholder: "Person, group or channel", class: "sa-picker-input",
    });
    const list = make("ul", { id: `${id}-list`, role: "listbox", "aria-label": `${label}, suggestions`, class: "sa-picker-list", hidden: "" });
    const news = make("span", { class: "sr-only", role: "status" });
    const picker = make("div", { class: "sa-picker" }, chips, input, list, news);
    for (const name of ["aria-describedby", "aria-invalid"]) if (field.hasAttribute(name)) input.setAttribute(name, field.getAttribute(name));
    let chosen = parts(field.value), found = [], place = -1, asked = 0, timer;

    const write = () => { field.value = parts([...chosen, input.value].join(",")).join(", "); };
    const changed = () => { write(); field.dispatchEvent(new Event("change", { bubbles: true })); };
    const chipOf = (value) => {
      const remove = make("button", { type: "button", "aria-label": `Remove ${kindOf(value)} ${nameOf(value)}` }, "×");
      return make("li", { "data-value": value }, make("span", { class: "sa-kind" }, kindOf(value)), " ", make("span", {}, nameOf(value)), remove);
    };
    // Chips that stay are not made anew: one of them may have the focus, or be about to be clicked.
    const showChips = () => {
      const shown = [...chips.children];
      for (const chip of shown) if (!chosen.includes(chip.dataset.value)) chip.remove();
      for (const value of chosen) if (!shown.some((chip) => chip.dataset.value === value)) chips.append(chipOf(value));
    };
    const close = () => {
      clearTimeout(timer);
      asked += 1; // what is still on its way is not shown
      list.hidden = true;
      place = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const point = (next) => {
      place = found.length ? (next + found.length) % found.length : -1;
      [...list.children].forEach((row, number) => row.setAttribute("aria-selected", String(number === place)));
      if (place < 0) { input.removeAttribute("aria-activedescendant"); return; }
      list.children[place].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", list.children[place].id);
    };
    const add = (text) => {
      const fresh = parts(text).filter((value) => !chosen.includes(value));
      chosen.push(...fresh);
      input.value = "";
      close();
      showChips();
      changed();
      if (fresh.length) news.textContent = `Added ${fresh.map((value) => `${kindOf(value)} ${nameOf(value)}`).join(", ")}`;
    };
    const remove = (value) => {
      chosen = chosen.filter((one) => one !== value);
      showChips();
      changed();
      news.textContent = `Removed ${kindOf(value)} ${nameOf(value)}`;
      input.focus();
    };
    const show = () => {
      list.replaceChildren(...found.map((one, number) => {
        const about = [one.kind, one.detail].filter(Boolean).join(" · ");
        const row = make("li", { id: `${id}-option-${number}`, role: "option", "aria-selected": "false" }, make("b", {}, one.label), make("span", { class: "sa-second" }, about));
        row.addEventListener("mousedown", (event) => { event.preventDefault(); add(one.value); });
        return row;
      }));
      list.hidden = !found.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      point(input.value.trim() && !input.value.includes("@") ? 0 : -1); // a whole address is taken as it is typed
    };
    const suggest = async () => {
      const turn = ++asked;
      const response = await fetch(`${field.dataset.recipients}?${new URLSearchParams({ search: input.value.trim() })}`);
      if (!response.ok || response.redirected || turn !== asked) return;
      found = (await response.json()).recipients.filter((one) => !chosen.includes(one.value));
      if (turn === asked && document.activeElement === input) show();
    };
    const suggestSoon = () => { clearTimeout(timer); timer = setTimeout(() => suggest().catch(close), WAIT); };

    input.addEventListener("input", () => {
      if (/[,;\n]/.test(input.value)) add(input.value);
      else write();
      suggestSoon();
    });
    input.addEventListener("focus", suggestSoon);
    input.addEventListener("click", () => { if (list.hidden) suggestSoon(); });
    input.addEventListener("blur", () => { if (input.value.trim()) add(input.value); else close(); });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const { key } = event, open = !list.hidden, typed = input.value.trim();
      if (key === "ArrowDown" && !open) suggestSoon();
      else if (key === "ArrowDown" || (key === "ArrowUp" && open)) point(place + (key === "ArrowDown" ? 1 : place < 0 ? 0 : -1));
      else if (key === "Enter" && open && place >= 0) add(found[place].value);
      else if (key === "Enter" && typed) add(typed);
      else if (key === "Escape" && open) { event.stopPropagation(); close(); }
      else if (key === "Backspace" && !input.value && chosen.length) { remove(chosen.at(-1)); suggestSoon(); }
      else return;
      event.preventDefault();
    });
    chips.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) remove(button.closest("li").dataset.value);
    });
    picker.addEventListener("mousedown", (event) => {
      if (event.target === picker || event.target === chips) { event.preventDefault(); input.focus(); }
    });
    // Whoever fills the field itself, as a draft that is restored, sees it in the picker.
    field.addEventListener("restored", () => { chosen = parts(field.value); input.value = ""; showChips(); });

    field.removeAttribute("id"); // its label and the links to its errors lead to what one types into
    input.id = id;
    field.hidden = true;
    field.after(picker);
    showChips();
  };

  document.querySelectorAll("input[data-recipients]").forEach(enhance);
})();
