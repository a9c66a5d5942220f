// The list's keys, and the names of issuers while one is typed.
"use strict";
{
  const search = document.getElementById("searchbar");
  const root = document.documentElement;

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") root.classList.add("no-tips");
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "/" && plain && !typing && search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });
  for (const name of ["focusin", "pointerover"]) {
    document.addEventListener(name, () => root.classList.remove("no-tips"));
  }

  const issuer = document.getElementById("filter-issuer");
  let waiting;
  const suggest = async () => {
    const url = `${issuer.dataset.names}?${new URLSearchParams({ q: issuer.value })}`;
    const asked = issuer.value;
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok || asked !== issuer.value) return;
    const { issuers } = await answer.json();
    const options = issuers.map((name) => {
      const option = document.createElement("option");
      option.value = name;
      return option;
    });
    document.getElementById("filter-issuers").replaceChildren(...options);
  };
  issuer?.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(suggest, 150);
  });
}
