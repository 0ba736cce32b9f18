// Copies a block of code. Its button says so for a moment.
(() => {
  const SAID_FOR = 2000; // milliseconds

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target?.closest("[data-copy]");
    const code = button?.closest(".code-block")?.querySelector("code");
    if (!code) return;
    const { copied, failed } = button.dataset;
    button.dataset.label ??= button.textContent;
    button.textContent = window.carrel.copy({ text: code.textContent }) ? copied : failed;
    clearTimeout(Number(button.dataset.copy));
    button.dataset.copy = setTimeout(() => (button.textContent = button.dataset.label), SAID_FOR);
  });
})();
