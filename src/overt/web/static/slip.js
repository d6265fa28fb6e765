// The slip's button: without a script, the browser's own menu prints as well.

const button = document.querySelector("[data-print]");
button.hidden = false;
button.addEventListener("click", () => print());
