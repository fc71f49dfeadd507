// What scripts add to the pages: completion while one types, copying, and one more field. Without them all works too.
"use strict";
const language = document.documentElement.lang;

const ask = async (input, text) => {
  const address = new URL(input.dataset.complete || input.dataset.suggest, location.href);
  address.searchParams.set("q", text);
  address.searchParams.set("lang", language);
  if (input.dataset.class) address.searchParams.set("class", input.dataset.class);
  const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
  return answer && answer.ok ? answer.json() : [];
};

// A list below a search box; each entry leads straight to its record (WAI-ARIA combobox pattern).
document.querySelectorAll("input[data-complete]").forEach((input, number) => {
  const list = document.createElement("ul");
  list.id = `completions-${number}`;
  list.className = "completions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0].textContent.trim());
  input.closest("form").append(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" })) input.setAttribute(name, value);
  let latest = "", chosen = -1;

  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) { chosen = -1; input.removeAttribute("aria-activedescendant"); }
  };
  const choose = (position) => {
    chosen = (position + list.children.length) % list.children.length;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", list.children[chosen].id);
  };
  const entry = (hit, at) => {
    const item = document.createElement("li"), link = document.createElement("a"), kind = document.createElement("small");
    item.id = `${list.id}-${at}`;
    item.setAttribute("role", "option");
    link.href = hit.page;
    link.tabIndex = -1;
    link.textContent = hit.label;
    if (hit.language && hit.language !== language) link.lang = hit.language;
    kind.textContent = hit.kind;
    kind.lang = language;
    link.append(kind);
    item.append(link);
    return item;
  };
  input.addEventListener("input", async () => {
    const text = latest = input.value.trim();
    if (text.length < 2) return show(false);
    const hits = await ask(input, text);
    if (latest !== text) return;
    list.replaceChildren(...hits.map(entry));
    show(hits.length > 0);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(false);
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === "Enter" && chosen >= 0) location.href = list.children[chosen].firstElementChild.href;
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", () => setTimeout(() => show(false), 200));
});

// Names or identifiers for a field of a form.
for (const input of document.querySelectorAll("input[data-suggest]")) {
  let latest = "";
  input.addEventListener("input", async () => {
    const text = input.value.trim();
    if (text.length < 2 || text === latest) return;
    latest = text;
    const hits = await ask(input, text);
    if (latest !== text) return;
    input.list.replaceChildren(...hits.map((hit) => {
      const option = document.createElement("option");
      // Concepts have no number that would find them; what they are called does.
      option.value = input.dataset.value === "identifier" && /-\d{4,}$/.test(hit.identifier) ? hit.identifier : hit.label;
      option.label = `${hit.label} (${hit.identifier})`;
      return option;
    }));
  });
}

for (const button of document.querySelectorAll("button[data-copy], button[data-copy-from]")) {
  button.hidden = false;
  const said = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? document.getElementById(button.dataset.copyFrom).textContent);
    button.textContent = button.dataset.done || said;
    setTimeout(() => { button.textContent = said; }, 2000);
  });
}

for (const button of document.querySelectorAll("button[data-more]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const last = document.getElementById(button.dataset.more).querySelector("input:last-of-type");
    const next = last.cloneNode(false);
    next.value = "";
    next.id = `${last.id}-more`;
    last.after(next);
    next.focus();
  });
}
