// What the controls of a ring offer.

import { duration, short } from "./format.js";

const kSeconds = [1, 5, 10, 30, 60, 300, 1800, 7200, 43200];
const kValues = [1024, 16384, 65536, 1048576, 16777216, 268435456];
const kUsual = { time: 10, seq: 65536 };

/// How much of a ring a live chart shows.
export function fillSpans(select, along) {
  const options = (along === "time" ? kSeconds : kValues).map((span) => {
    const text = along === "time" ? duration(span) : `${short(span)} values`;
    return new Option(text, span, span === kUsual[along], span === kUsual[along]);
  });
  select.replaceChildren(...options);
}

/// A box for each field.
export function fillFields(target, fields, chosen, change) {
  target.replaceChildren(...fields.map((field) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = field.name;
    box.checked = chosen.includes(field.name);
    box.addEventListener("change", change);
    const type = document.createElement("small");
    type.textContent = field.type;
    label.append(box, ` ${field.name} `, type);
    return label;
  }));
}

/// Measured values before counters and flags, and not the time itself.
export function usualFields(fields) {
  const isTime = (field) => ["ns", "us", "ms"].includes(field.unit) || /(^|_)(ts|time)(_|$)/.test(field.name);
  const floating = fields.filter((field) => field.kind === "floating");
  const others = fields.filter((field) => field.kind !== "floating" && !isTime(field));
  const best = [...floating, ...others];
  return (best.length > 0 ? best : fields).slice(0, 2).map((field) => field.name);
}

/// Tells what became of a wish; if it was an expression that is wrong, with the lines that show where.
export function tell(text) {
  const [sentence, ...picture] = text.trimEnd().split("\n");
  document.getElementById("told").textContent = sentence;
  const place = document.getElementById("told-picture");
  place.textContent = picture.join("\n");
  place.hidden = picture.length === 0;
}

/// Asks the server to save what the ring holds; with an `order`, {before, after, when}, only so much of it before now,
/// or before the next value that matches, and what comes.
export async function save(name, order = {}) {
  const waiting = order.when ? `Waiting for a value with ${order.when}.` : "Capturing.";
  tell(order.after ? waiting : "Saving.");
  try {
    const answer = await fetch("save", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ring: name, ...order }),
    });
    const isObject = answer.headers.get("Content-Type").startsWith("application/json");
    const result = isObject ? await answer.json() : { problem: await answer.text() };
    tell(result.problem ?? `Saved as ${result.file}: ${result.text}`);
  } catch (error) {
    tell(`Not saved: ${error.message}`);
  }
}
