// What Django's own scripts build when a page has loaded, told to screen readers.
"use strict";
addEventListener("load", () => {
  // A label on an element without a role is not read.
  for (const tip of document.querySelectorAll(".help-tooltip[aria-label]")) {
    tip.setAttribute("role", "img");
  }
  // They hang at the end of the body, outside the page's regions.
  for (const [box, name] of [[".calendarbox", "Choose a date"], [".clockbox", "Choose a time"]]) {
    for (const one of document.querySelectorAll(box)) {
      one.setAttribute("role", "dialog");
      one.setAttribute("aria-label", name);
    }
  }
});
