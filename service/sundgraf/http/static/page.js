// What scripts add to the pages: completion while one types, and copying an identifier. Without them the forms work too.
"use strict";
const language = document.documentElement.lang;

for (const input of document.querySelectorAll("input[data-suggest]")) {
  const list = input.list;
  let latest = "";
  input.addEventListener("input", async () => {
    const text = input.value.trim();
    if (text.length < 2 || text === latest) return;
    latest = text;
    const address = new URL(input.dataset.suggest, location.href);
    address.searchParams.set("q", text);
    address.searchParams.set("lang", language);
    if (input.dataset.class) address.searchParams.set("class", input.dataset.class);
    const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer || !answer.ok || latest !== text) return;
    list.replaceChildren(...(await answer.json()).map((hit) => {
      const option = document.createElement("option");
      option.value = input.dataset.value === "identifier" ? hit.identifier : hit.label;
      option.label = `${hit.label} (${hit.identifier})`;
      return option;
    }));
  });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => navigator.clipboard.writeText(button.dataset.copy));
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
