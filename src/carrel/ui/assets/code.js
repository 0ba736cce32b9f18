// Copies a block of code. Its button says so for a moment.
(() => {
  const SAID_FOR = 2000; // milliseconds

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target?.closest("[data-copy]");
    const code = button?.closest(".code-block")?.querySelector("code");
    if (!code) return;
    button.textContent = window.carrel.copy({ text: code.textContent }) ? "Copied" : "Could not copy";
    clearTimeout(Number(button.dataset.copy));
    button.dataset.copy = setTimeout(() => (button.textContent = "Copy"), SAID_FOR);
  });
})();
