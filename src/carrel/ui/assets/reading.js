// Where a chat is scrolled to. A new question is brought to the top, and the end of its answer kept
// in sight while it is written, until the reader scrolls.
//
// The position is computed again after every change of content or size. Scrolling once is not
// enough: the past exchanges and the new one arrive apart, and the height of exchanges out of
// sight is an estimate until they are laid out.
(() => {
  const BELOW = 48; // pixels kept free below the end of an answer, for the line with its state
  const BEGINNING = 96; // pixels of an answer that are its beginning
  const AT_THE_END = 24; // pixels from the end of an answer within which a reader is at its end
  const READABLE = 1; // pixels per millisecond; text that comes faster is read from its beginning
  const ROUNDING = 2; // pixels

  // What is kept in sight: the new question until its answer comes, then the answer's end while it
  // is written, or its beginning. Empty where the reader has scrolled.
  const [QUESTION, BEGIN, END, NOTHING] = ["question", "begin", "end", ""];
  let keeps = NOTHING;
  let asked = ""; // the key of the exchange that is shown
  let began = -Infinity; // when its answer began, in milliseconds
  let wasWriting = false;
  let placed = 0; // where the script left the scroll position, or saw it last
  let wasAtEnd = false; // whether the end of the answer was in sight then
  let reading = null;

  const exchange = () => reading.querySelector("#current [data-asked] .exchange");
  const isWriting = () => Boolean(exchange()?.querySelector(".answer.writing"));
  const isEdited = () => Boolean(exchange()?.querySelector(".edit form:not([hidden])"));

  // Positions within the content of #reading, in pixels; answer and end are those of the
  // placeholder while there is no answer.
  const measured = () => {
    const origin = reading.getBoundingClientRect().top + reading.clientTop - reading.scrollTop;
    const at = (element, edge) => element.getBoundingClientRect()[edge] - origin;
    const own = exchange();
    const part = (selector) => own.querySelector(`:scope > ${selector}`);
    const last = part(".answer") ?? part(".error-line") ?? part(".state") ?? part(".question");
    const padding = parseFloat(getComputedStyle(reading).paddingTop);
    return {
      question: Math.max(0, at(own, "top") - padding),
      answer: at(last, "top"),
      end: at(last, "bottom") + BELOW,
    };
  };
  const isAtEnd = (slack) =>
    Boolean(exchange()) && measured().end - BELOW <= reading.scrollTop + reading.clientHeight + slack;

  const keep = (what) => {
    keeps = what;
    // Where nothing is kept, the browser holds the text that is being read.
    reading.style.overflowAnchor = what ? "none" : "";
  };
  // A reader at the end follows it, however fast the text came before.
  const follow = () => {
    began = -Infinity;
    keep(END);
  };
  const notice = () => {
    const key = reading.querySelector("#current [data-asked]")?.dataset.asked ?? "";
    if (key !== asked) {
      asked = key;
      wasWriting = false;
      keep(key ? QUESTION : NOTHING);
    }
    const writing = isWriting();
    if (keeps === QUESTION && exchange().querySelector(".answer")) {
      began = performance.now();
      keep(writing ? END : BEGIN);
    } else if (writing && !wasWriting && wasAtEnd) follow();
    wasWriting = writing;
  };
  const place = () => {
    // A view that is not shown has no size; this is called again when it is shown.
    if (!reading.clientHeight) return;
    // The event of a scroll comes with the next frame, which may be after this change.
    if (!isCutShort()) scrolled();
    notice();
    wasAtEnd = isAtEnd(BELOW);
    if (!keeps || isEdited()) return;
    const { question, answer, end } = measured();
    const height = reading.clientHeight;
    const hurries = performance.now() - began < height / READABLE;
    if (keeps === END && end - height > answer && hurries) keep(BEGIN);
    const lowest = keeps === BEGIN ? Math.min(end, answer + BEGINNING) : end;
    const target = Math.max(question, lowest - height);
    if (Math.abs(reading.scrollTop - target) > 1) reading.scrollTop = target;
    placed = reading.scrollTop;
    wasAtEnd = isAtEnd(BELOW);
  };

  // Content that became shorter scrolls up by itself.
  const isCutShort = () =>
    reading.scrollTop < placed &&
    reading.scrollTop + reading.clientHeight >= reading.scrollHeight - ROUNDING;
  const scrolled = () => {
    const before = placed;
    placed = reading.scrollTop;
    if (Math.abs(placed - before) <= ROUNDING || !reading.clientHeight) return;
    wasAtEnd = isAtEnd(BELOW);
    if (wasWriting && placed > before && isAtEnd(AT_THE_END)) follow();
    else keep(NOTHING);
  };
  // Before the next text comes, which would scroll down again under the reader's hand.
  const turned = (event) => {
    if (event.deltaY < 0 && reading.scrollTop > 0) keep(NOTHING);
  };

  window.carrel.watchReading = () => {
    const found = document.getElementById("reading");
    if (!found || found === reading) return;
    reading = found;
    const sizes = new ResizeObserver(place);
    for (const each of [reading, ...reading.children]) sizes.observe(each);
    new MutationObserver(place).observe(reading, { childList: true, subtree: true });
    reading.addEventListener("scroll", scrolled, { passive: true });
    reading.addEventListener("wheel", turned, { passive: true });
    place();
  };
})();
