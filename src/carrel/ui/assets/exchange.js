// Answers are copied, and a question is edited in place, without asking the server.
(() => {
  const SAID_FOR = 2000; // milliseconds

  // As text and as HTML, so that a word processor keeps lists and tables; without the marks of
  // the sources, which mean nothing elsewhere.
  const parts = (answer) => {
    const clone = answer.cloneNode(true);
    for (const mark of clone.querySelectorAll(".cite-mark, .unseen, .code-head")) mark.remove();
    clone.style.cssText = "position:absolute;left:-9999px";
    document.body.append(clone);
    const text = clone.innerText.trim();
    clone.remove();
    return { text, html: clone.innerHTML };
  };
  const copied = (button) => {
    const label = button.getAttribute("aria-label");
    button.classList.add("copied");
    button.setAttribute("aria-label", button.dataset.copied);
    button.title = button.dataset.copied;
    setTimeout(() => {
      button.classList.remove("copied");
      button.setAttribute("aria-label", label);
      button.title = label;
    }, SAID_FOR);
  };
  // Browsers give the clipboard to pages over HTTPS and on this machine only; the older way works
  // over plain HTTP, too.
  const copy = ({ text, html }) => {
    const fill = (event) => {
      event.preventDefault();
      event.clipboardData.setData("text/plain", text);
      if (html) event.clipboardData.setData("text/html", html);
    };
    document.addEventListener("copy", fill, { once: true });
    const done = document.execCommand("copy");
    document.removeEventListener("copy", fill);
    return done;
  };
  window.carrel.copy = copy;
  const copyAnswer = (button) => {
    const answer = button.closest(".exchange")?.querySelector(".answer");
    if (answer && copy(parts(answer))) copied(button);
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button?.hasAttribute("data-copy-answer")) copyAnswer(button);
  });
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLTextAreaElement) || !box.closest(".edit")) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      box.form.requestSubmit();
    }
  });
})();
