// Counts down what the server said is left of a lease; the next answer of the server corrects it.
"use strict";
setInterval(() => {
  for (const place of document.querySelectorAll("[data-left]")) {
    const left = Math.max(0, Number(place.dataset.left) - 1);
    place.dataset.left = String(left);
    place.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
}, 1000);
