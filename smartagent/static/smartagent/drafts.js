"use strict";
// Keeps what is typed into a form with a data-draft part until it is saved, in this tab only, for each address and person.
// Whoever had to sign in again finds it filled in; whoever only left the page is offered it. Secrets are not kept.
(() => {
  const PREFIX = "draft ", MAX_AGE = 24 * 60 * 60 * 1000, WAIT = 300;
  const SKIPPED = "[type=password], [type=file], [type=submit], [type=button], button, [data-secret], [autocomplete$=password], [data-draft-ignore] *";
  const SECRET_NAME = /password|secret|token|credential/i; // the token against forgery as well
  const SEEN_NAMES = ["_version", "_base", "seen_version"]; // what the form showed, not what somebody typed

  const read = (key) => {
    try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; }
  };
  const write = (key, draft) => {
    try { sessionStorage.setItem(key, JSON.stringify(draft)); } catch { /* no room, or not allowed: nothing is kept */ }
  };
  const forget = (key) => { try { sessionStorage.removeItem(key); } catch { /* nothing is kept there */ } };
  const keys = () => { try { return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)); } catch { return []; } };

  // The first page after a form was sent says whether it was saved. What was not is "lost", and is filled in again.
  const settle = (own) => {
    const saved = document.querySelector("[data-done]"), over = document.querySelector("[data-signed-out]");
    for (const key of keys()) {
      const draft = read(key);
      if (over || !draft || Date.now() - draft.at > MAX_AGE) forget(key);
      else if (draft.state === "sent" && key !== own) saved ? forget(key) : write(key, { ...draft, state: "lost" });
    }
  };

  const fieldsOf = (form) => [...form.elements].filter((field) => field.name && !field.disabled && !field.matches(SKIPPED) && !SECRET_NAME.test(field.name));
  const isSwitch = (field) => field.type === "checkbox" || field.type === "radio";
  const entriesOf = (form) => fieldsOf(form).filter((field) => !isSwitch(field) || field.checked).map((field) => {
    const label = field.selectedOptions?.[0]?.text;
    return label === undefined ? [field.name, field.value] : [field.name, field.value, label];
  });
  // Rows are compared in their order, whatever their numbers are.
  const typedIn = (entries) => {
    const numbers = [];
    return JSON.stringify(entries.filter(([name]) => !SEEN_NAMES.includes(name)).map(([name, value]) => [name.replace(/-\d+-/, (row) => {
      if (!numbers.includes(row)) numbers.push(row);
      return `-${numbers.indexOf(row)}-`;
    }), value.replace(/\r\n/g, "\n")]));
  };

  const fill = (form, entries) => {
    const left = new Map();
    for (const entry of entries) left.set(entry[0], [...(left.get(entry[0]) ?? []), entry]);
    for (const field of fieldsOf(form)) {
      const sent = left.get(field.name) ?? [];
      if (isSwitch(field)) field.checked = sent.some(([, value]) => value === field.value);
      else if (sent.length) {
        const [, value, label] = sent.shift();
        if (label !== undefined && ![...field.options].some((option) => option.value === value)) field.add(new Option(label, value));
        field.value = value;
      } else continue;
      field.dispatchEvent(new Event("restored"));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  };
  // Rows that the page does not have yet: the server shows the form again with all of them, and saves nothing.
  const showAgain = (form, entries, name) => {
    const again = document.createElement("form");
    again.method = "post";
    again.hidden = true;
    const token = form.querySelector("[name=csrfmiddlewaretoken]");
    for (const [field, value] of [[token.name, token.value], [name, "1"], ...entries]) {
      const input = document.createElement("textarea"); // which keeps line breaks
      input.name = field;
      input.value = value;
      again.append(input);
    }
    document.body.append(again);
    again.submit();
  };

  const keep = (form, key, part) => {
    const { again, zone, posted } = part.dataset, fresh = typedIn(entriesOf(form));
    let timer, draft = read(key);
    const save = (state) => {
      clearTimeout(timer);
      timer = 0;
      const entries = entriesOf(form);
      if (state === "typed" && posted === undefined && typedIn(entries) === fresh) forget(key);
      else write(key, { at: Date.now(), state, entries });
    };
    const restore = () => {
      if (draft.entries.some(([name]) => !form.elements[name] && /-\d+-/.test(name))) showAgain(form, draft.entries, again);
      else fill(form, draft.entries);
    };
    const discard = () => { clearTimeout(timer); timer = 0; forget(key); location.assign(location.pathname + location.search); };
    const button = (words, act) => {
      const element = Object.assign(document.createElement("button"), { type: "button", className: "sa-button sa-slim", textContent: words });
      element.addEventListener("click", act);
      return element;
    };
    const say = (words, ...buttons) => { part.replaceChildren(words, ...buttons); part.hidden = false; };
    const time = () => {
      const day = new Date(draft.at).toDateString() === new Date().toDateString() ? {} : { day: "numeric", month: "short" };
      return new Intl.DateTimeFormat("en-GB", { ...day, hour: "2-digit", minute: "2-digit", timeZone: zone }).format(draft.at);
    };
    const secrets = form.querySelector("[type=password], [data-secret]") ? " Secrets are not kept: enter them again." : "";
    const sayRestored = () => say(`What you typed at ${time()} is filled in again; it is not saved yet.${secrets}`, button("Discard", discard));

    if (posted !== undefined) {
      if (draft?.state === "shown again") sayRestored();
      save("typed");
    } else if (draft && typedIn(draft.entries) !== fresh) {
      if (draft.state === "typed") {
        say(`There is an unsaved version.`, button(`Restore what you typed at ${time()}`, () => { write(key, { ...draft, state: "shown again" }); restore(); sayRestored(); }), button("Discard", discard));
      } else {
        write(key, { ...draft, state: "shown again" });
        restore();
        sayRestored();
      }
    }
    for (const name of ["input", "change"]) form.addEventListener(name, () => { clearTimeout(timer); timer = setTimeout(save, WAIT, "typed"); });
    form.addEventListener("submit", () => save("sent"));
    window.addEventListener("pagehide", () => { if (timer) save("typed"); });
  };

  // A page between the form and its saving, which carries on what was typed: it is sent from here.
  const carry = (form, key) => {
    form.addEventListener("submit", () => { const draft = read(key); if (draft) write(key, { ...draft, state: "sent" }); });
    form.querySelector("[data-discard]").addEventListener("click", () => forget(key));
  };

  document.addEventListener("DOMContentLoaded", () => {
    const part = document.querySelector("[data-draft]"), form = part?.closest("form");
    const key = part && `${PREFIX}${part.dataset.draft} ${location.pathname}${location.search}`;
    settle(key);
    if (form) (form.matches(".sa-conflict") ? carry : keep)(form, key, part);
  });
})();
