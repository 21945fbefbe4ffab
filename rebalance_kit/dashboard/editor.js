// The weights editor: a slider, a number and a lock per row. Weights are whole basis points that always sum to 10,000:
// the others share a change in proportion to their weights, what whole points cannot share goes to the largest
// remainders, locked rows stay. The same rule is in weights.py. The kernel gets one whole list, and checks it.

const TOTAL = 10000;
const LOCK = '<svg viewBox="0 0 16 16" aria-hidden="true"><rect x="3" y="7" width="10" height="7" rx="1.5"/>'
  + '<path class="rk-shackle" d="M5 7V5a3 3 0 0 1 6 0v2" fill="none"/></svg>';

export function share(total, weights) {
  const sum = weights.reduce((a, b) => a + b, 0);
  const parts = sum ? weights : weights.map(() => 1);
  const whole = sum || weights.length;
  const shares = parts.map((part) => Math.floor((part * total) / whole));
  const rest = parts.map((part) => (part * total) % whole);
  const order = parts.map((_, row) => row).sort((a, b) => rest[b] - rest[a] || parts[b] - parts[a] || a - b);
  const missing = total - shares.reduce((a, b) => a + b, 0);
  for (const row of order.slice(0, missing)) shares[row] += 1;
  return shares;
}

// null when nothing can move: the row is locked, or every other row is
export function move(base, locks, row, wanted) {
  const others = base.map((_, other) => other).filter((other) => other !== row && !locks[other]);
  if (locks[row] || !others.length) return null;
  const room = others.reduce((sum, other) => sum + base[other], base[row]);
  const value = Math.min(Math.max(wanted, 0), room);
  const shares = share(room - value, others.map((other) => base[other]));
  const result = base.slice();
  result[row] = value;
  others.forEach((other, i) => (result[other] = shares[i]));
  return result;
}

export const percent = (points) => `${Math.floor(points / 100)}.${String(points % 100).padStart(2, "0")}`;

export function points(text) {
  const match = /^\s*(\d{1,3})(?:[.,](\d{0,2}))?\s*%?\s*$/.exec(text);
  if (!match) return null;
  const value = Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0"));
  return value <= TOTAL ? value : null;
}

// a round top of the scale that leaves every slider room to grow, and does not move while one is dragged
function scaleFor(weights) {
  const top = Math.max(...weights, 1000);
  return Math.min(TOTAL, Math.ceil((top * 1.5) / 1000) * 1000);
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

class Editor {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.id = Math.random().toString(36).slice(2);
    this.sent = 0; // number of the newest list that was sent
    this.open = false; // one list at a time is on its way; the newest waits behind it
    this.waiting = false;
    this.build();
    this.adopt();
  }

  build() {
    const { words, rows } = { words: this.model.get("words"), rows: this.model.get("rows") };
    this.words = words;
    this.rows = rows;
    this.el.replaceChildren();
    this.el.classList.add("rk-editor");
    const list = node("div", { role: "group", "aria-label": words.title ?? "" });
    this.parts = [];
    let group = null;
    rows.forEach((row, index) => {
      if (row.group && row.group !== group) list.append(node("div", { class: "rk-ed-group" }, (group = row.group)));
      const part = this.row(row, index);
      this.parts.push(part);
      list.append(part.box);
    });
    this.sum = node("output", { class: "rk-ed-sum" });
    this.reset = node("button", { type: "button", class: "rk-button rk-quiet rk-ed-reset" }, words.reset ?? "");
    this.reset.addEventListener("click", () => this.model.send({ kind: "reset" }));
    this.note = node("p", { class: "rk-ed-note", role: "status" });
    const keys = node("span", { class: "rk-keys" }, words.keys ?? "");
    const rule = node("p", { class: "rk-soft rk-ed-rule" }, words.rule ?? "", " ", keys);
    this.el.append(list, node("div", { class: "rk-ed-foot" }, this.sum, this.reset), this.note, rule);
  }

  row(row, index) {
    const { words } = this;
    const name = node("span", { class: "rk-ed-name" }, row.name);
    const facts = node("span", { class: "rk-ed-facts" }, row.facts ?? "");
    const slider = node("input", {
      type: "range", min: 0, max: TOTAL, step: 1, class: "rk-ed-slider", "aria-label": fill(words.slider, row),
    });
    const marks = node("span", { class: "rk-ed-marks", "aria-hidden": "true" });
    const target = node("i", { class: "rk-ed-target", title: fill(words.target, { weight: percent(row.policy) }) });
    marks.append(target);
    const number = node("input", {
      type: "text", inputmode: "decimal", autocomplete: "off", class: "rk-ed-number", "aria-label": fill(words.number, row),
    });
    const lock = node("button", { type: "button", class: "rk-ed-lock", "aria-label": fill(words.lock, row) });
    lock.innerHTML = LOCK;
    const rail = node("span", { class: "rk-ed-rail" }, slider, marks);
    const field = node("span", { class: "rk-ed-field" }, number, node("span", { "aria-hidden": "true" }, "%"));
    const box = node("div", { class: "rk-ed-row", "data-code": row.code }, node("span", { class: "rk-ed-label" }, name, facts), rail, field, lock);
    slider.addEventListener("input", () => this.edit(index, Number(slider.value)));
    slider.addEventListener("keydown", (event) => this.key(event, index));
    number.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.type(index, number.value);
      else if (event.key === "Escape") this.paint();
      else if (event.key.startsWith("Arrow") && (event.key.endsWith("Up") || event.key.endsWith("Down"))) this.key(event, index);
    });
    number.addEventListener("change", () => this.type(index, number.value));
    number.addEventListener("focus", () => number.select());
    lock.addEventListener("click", () => this.toggle(index));
    return { box, slider, number, lock, target, fixed: Boolean(row.fixed) };
  }

  // Python's word is final: what it holds is what is shown.
  adopt() {
    const state = this.model.get("state");
    if (state.view === this.id) {
      if (state.number !== this.sent) return;
      this.open = false;
      if (this.waiting) return this.send();
      if (String(state.weights) === String(this.weights)) return;
    }
    this.weights = (state.weights ?? []).slice();
    this.locks = (state.locks ?? []).slice();
    this.touched = null;
    this.open = false;
    this.waiting = false;
    this.scale = scaleFor([...this.weights, ...this.rows.map((row) => row.policy)]);
    this.say("");
    this.paint();
  }

  edit(index, wanted) {
    if (this.touched !== index) {
      this.touched = index;
      this.base = this.weights.slice();
    }
    const moved = this.model.get("busy") ? null : move(this.base, this.locks, index, wanted);
    if (!moved) this.say(this.model.get("busy") ? this.words.busy : this.words.stuck);
    else {
      this.say(moved[index] === wanted ? "" : fill(this.words.limit, { weight: percent(moved[index]) }));
      this.weights = moved;
      if (moved[index] > this.scale) this.scale = scaleFor(moved);
      this.soon();
    }
    this.paint();
  }

  type(index, text) {
    if (text === percent(this.weights[index])) return;
    const wanted = points(text);
    if (wanted !== null) return this.edit(index, wanted);
    this.paint();
    this.say(this.words.unreadable);
  }

  key(event, index) {
    const step = { ArrowRight: 10, ArrowUp: 10, ArrowLeft: -10, ArrowDown: -10, PageUp: 100, PageDown: -100 }[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.edit(index, this.weights[index] + (event.shiftKey ? Math.sign(step) : step));
  }

  toggle(index) {
    if (this.parts[index].fixed || this.model.get("busy")) return;
    this.locks[index] = !this.locks[index];
    this.touched = null;
    this.say("");
    this.paint();
    this.soon();
  }

  soon() {
    if (this.open) this.waiting = true;
    else this.send();
  }

  send() {
    this.open = true;
    this.waiting = false;
    this.sent += 1;
    this.model.send({ kind: "weights", view: this.id, number: this.sent, weights: this.weights, locks: this.locks });
  }

  say(text) {
    if (this.note.textContent !== text) this.note.textContent = text;
  }

  paint() {
    const busy = this.model.get("busy");
    this.parts.forEach((part, index) => {
      const weight = this.weights[index] ?? 0;
      const locked = Boolean(this.locks[index]);
      part.slider.max = this.scale;
      part.slider.value = weight;
      part.slider.setAttribute("aria-valuetext", `${percent(weight)} %`);
      part.slider.style.setProperty("--rk-fill", `${(100 * weight) / this.scale}%`);
      part.slider.disabled = busy || locked;
      part.target.style.left = `${(100 * this.rows[index].policy) / this.scale}%`;
      if (document.activeElement !== part.number || this.touched === index) part.number.value = percent(weight);
      part.number.disabled = busy || locked;
      part.lock.setAttribute("aria-pressed", String(locked));
      part.lock.disabled = busy || part.fixed;
      part.lock.title = part.fixed ? this.words.fixed : locked ? this.words.unlock : this.words.locks;
      part.box.classList.toggle("rk-locked", locked);
      part.box.classList.toggle("rk-changed", weight !== this.rows[index].policy);
    });
    const sum = this.weights.reduce((a, b) => a + b, 0);
    this.sum.textContent = this.weights.length ? `${this.words.sum} ${percent(sum)}%` : "";
    this.reset.disabled = busy || this.weights.every((weight, index) => weight === this.rows[index]?.policy);
  }
}

function render({ model, el }) {
  const editor = new Editor(model, el);
  const adopt = () => editor.adopt();
  const rebuild = () => {
    editor.build();
    editor.adopt();
  };
  const paint = () => editor.paint();
  model.on("change:state", adopt);
  model.on("change:rows change:words", rebuild);
  model.on("change:busy", paint);
  return () => {
    model.off("change:state", adopt);
    model.off("change:rows change:words", rebuild);
    model.off("change:busy", paint);
  };
}

export default { render };
