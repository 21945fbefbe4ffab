// The desk's pulse. It asks the kernel every few seconds whether it is there; when two questions stay open, it covers
// the page: controls that still move while nothing listens are worse than no controls. It clears itself on an answer.
// It also tells the kernel that a page is open (nothing is read before that) and how wide the page is.

const MISSES = 2;

function overlay(model) {
  const cover = document.createElement("div");
  cover.className = "rk-cover";
  cover.setAttribute("role", "alertdialog");
  cover.setAttribute("aria-modal", "true");
  cover.innerHTML = '<div class="rk-cover-card"><h2></h2><p></p><button type="button" class="rk-button rk-primary"></button></div>';
  const words = model.get("words");
  cover.querySelector("h2").textContent = words.lost;
  cover.querySelector("p").textContent = words.lost_more;
  const button = cover.querySelector("button");
  button.textContent = words.reload;
  button.addEventListener("click", () => location.reload());
  return cover;
}

function render({ model, el }) {
  el.classList.add("rk-heart");
  let asked = 0;
  let answered = 0;
  let cover = null;
  const width = () => Math.round(document.documentElement.clientWidth);
  const say = (message) => model.send(message);

  const look = (selector) => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const target = document.querySelector(selector);
    target?.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  };
  const onMessage = (message) => {
    if (message.kind === "look") return setTimeout(() => look(message.at), 60);
    if (message.kind !== "pulse") return;
    answered = Math.max(answered, message.number);
    if (cover) {
      cover.remove();
      cover = null;
    }
  };
  model.on("msg:custom", onMessage);

  const beat = () => {
    if (asked - answered >= MISSES && !cover) {
      cover = overlay(model);
      document.body.append(cover);
      cover.querySelector("button").focus();
    }
    asked += 1;
    try {
      say({ kind: "pulse", number: asked });
    } catch {
      // a closed connection throws; the question stays open and is counted as missed
    }
  };
  const timer = setInterval(beat, model.get("period") * 1000);

  let told = width();
  let wait = null;
  const onResize = () => {
    clearTimeout(wait);
    wait = setTimeout(() => {
      if (width() !== told) say({ kind: "width", width: (told = width()) });
    }, 150);
  };
  window.addEventListener("resize", onResize);
  const onWords = () => {
    document.documentElement.lang = model.get("words").lang;
  };
  model.on("change:words", onWords);
  onWords();
  say({ kind: "open", width: told, languages: Array.from(navigator.languages ?? []) });

  return () => {
    clearInterval(timer);
    window.removeEventListener("resize", onResize);
    model.off("msg:custom", onMessage);
    model.off("change:words", onWords);
    cover?.remove();
  };
}

export default { render };
