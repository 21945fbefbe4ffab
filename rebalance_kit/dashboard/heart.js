// The desk's pulse. It asks the kernel every few seconds whether it is there; when two questions stay open, it covers
// the page: controls that still move while nothing listens are worse than no controls. It clears itself on an answer.
// It also tells the kernel that a page is open (nothing is read before that) and how wide the desk is.

const MISSES = 2;

// In Voila the desk is the page; in JupyterLab it is one output among others and must not cover or rename the rest.
const ownsPage = () => document.body.classList.contains("rk-page");

function cover(model, host) {
  const sheet = document.createElement("div");
  sheet.className = "rk-cover";
  sheet.setAttribute("role", "alertdialog");
  sheet.setAttribute("aria-modal", "true");
  sheet.innerHTML =
    '<div class="rk-cover-card"><h2></h2><p></p><button type="button" class="rk-button rk-primary"></button></div>';
  const words = model.get("words");
  sheet.querySelector("h2").textContent = words.lost;
  sheet.querySelector("p").textContent = words.lost_more;
  sheet.setAttribute("aria-label", words.lost);
  const button = sheet.querySelector("button");
  button.textContent = words.reload;
  button.addEventListener("click", () => location.reload());
  if (!ownsPage()) button.remove();
  host.append(sheet);
  button.focus();
  return sheet;
}

function look(selector) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  document.querySelector(selector)?.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}

function render({ model, el }) {
  el.classList.add("rk-heart");
  const desk = () => el.closest(".rk-desk");
  let asked = 0;
  let answered = 0;
  let covered = null;

  const onMessage = (message) => {
    if (message.kind === "look") return void setTimeout(() => look(message.at), 60);
    if (message.kind !== "pulse") return;
    answered = Math.max(answered, message.number);
    covered?.remove();
    covered = null;
  };
  const beat = () => {
    if (asked - answered >= MISSES && !covered) covered = cover(model, ownsPage() ? document.body : desk() ?? document.body);
    asked += 1;
    try {
      model.send({ kind: "pulse", number: asked });
    } catch {
      // a closed connection throws; the question stays open and counts as missed
    }
  };
  const onWords = () => {
    const { lang } = model.get("words");
    desk()?.setAttribute("lang", lang);
    if (ownsPage()) document.documentElement.lang = lang;
  };

  let told = Math.round(document.documentElement.clientWidth);
  let wait = null;
  const observer = new ResizeObserver(([entry]) => {
    clearTimeout(wait);
    const width = Math.round(entry.contentRect.width);
    if (width && width !== told) wait = setTimeout(() => model.send({ kind: "width", width: (told = width) }), 150);
  });
  requestAnimationFrame(() => {
    if (desk()) observer.observe(desk());
    onWords();
  });

  model.on("msg:custom", onMessage);
  model.on("change:words", onWords);
  const timer = setInterval(beat, model.get("period") * 1000);
  model.send({ kind: "open", width: told, languages: Array.from(navigator.languages ?? []) });

  return () => {
    clearInterval(timer);
    observer.disconnect();
    model.off("msg:custom", onMessage);
    model.off("change:words", onWords);
    covered?.remove();
  };
}

export default { render };
