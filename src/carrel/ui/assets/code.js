// Copies a block of code. Its button says so for a moment.
(() => {
  const SAID_FOR = 2000; // milliseconds

  // Without https a browser has no clipboard to write to, but still copies what is selected.
  const copySelected = (code) => {
    const chosen = getSelection();
    chosen.selectAllChildren(code);
    const copied = document.execCommand("copy");
    chosen.removeAllRanges();
    return copied;
  };
  const copy = async (code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      return true;
    } catch {
      return copySelected(code);
    }
  };

  document.addEventListener("click", async (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target?.closest("[data-copy]");
    const code = button?.closest(".code-block")?.querySelector("code");
    if (!code) return;
    button.textContent = (await copy(code)) ? "Copied" : "Could not copy";
    clearTimeout(Number(button.dataset.copy));
    button.dataset.copy = setTimeout(() => (button.textContent = "Copy"), SAID_FOR);
  });
})();
