// Numbers, times and places as texts. What comes as a text is a 64-bit integer, and stays exact.

const kSteps = [["", 1], ["k", 1e3], ["M", 1e6], ["G", 1e9], ["T", 1e12], ["P", 1e15], ["E", 1e18]];

/// 1234567 as "1.23M", 999999 as "1.00M", 1e30 as "1.00e30".
export function short(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1000) return String(value);
  for (const [letter, step] of kSteps) {
    const text = (value / step).toPrecision(3);
    if (Math.abs(Number(text)) < 1000) return text + letter; // it may be rounded up to the next step
  }
  return value.toExponential(2).replace("+", "");
}

/// Of seconds.
export function duration(seconds) {
  const size = Math.abs(seconds);
  if (size >= 172800) return `${short(seconds / 86400)} d`;
  if (size >= 7200) return `${short(seconds / 3600)} h`;
  if (size >= 120) return `${short(seconds / 60)} min`;
  // What is rounded up to 1000 is one of the next unit.
  if (size >= 0.9995 || size === 0) return `${short(seconds)} s`;
  if (size >= 0.9995e-3) return `${short(seconds * 1e3)} ms`;
  if (size >= 0.9995e-6) return `${short(seconds * 1e6)} us`;
  return `${short(seconds * 1e9)} ns`;
}

/// A place relative to an origin, as it is: nanoseconds since 1970, or a sequence number.
export function placeOf(origin, relative, along) {
  return BigInt(origin) + BigInt(Math.round(along === "time" ? relative * 1e9 : relative));
}

/// The other way round.
export function relativeTo(origin, place, along) {
  const difference = Number(BigInt(place) - BigInt(origin));
  return along === "time" ? difference / 1e9 : difference;
}

/// "2026-01-31 12:34:56.789012345 UTC", or "seq 12".
export function placeText(place, along) {
  if (along !== "time") return `seq ${place}`;
  const second = 1000000000n;
  const nanoseconds = ((place % second) + second) % second;
  const date = new Date(Number((place - nanoseconds) / 1000000n));
  if (Number.isNaN(date.getTime())) return `${place} ns since 1970`;
  const text = date.toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)}.${String(nanoseconds).padStart(9, "0")} UTC`;
}

/// For an axis: only as much of the time as differs.
export function tickText(place, along, step) {
  if (along !== "time") return short(Number(place));
  const digits = step >= 1 ? 0 : Math.min(9, Math.ceil(-Math.log10(step)));
  const text = placeText(place, along);
  if (!text.endsWith("UTC")) return "";
  return step >= 60 ? text.slice(11, 16) : text.slice(11, 19) + (digits ? text.slice(19, 20 + digits) : "");
}

/// Values of a series, with the name of an enum's value.
export function valueText(value, field) {
  if (value === null) return "not finite";
  const name = field.names[String(value)];
  const text = field.kind === "boolean" ? String(Number(value) !== 0) : String(value);
  return (name === undefined ? text : `${name} (${text})`) + (field.unit ? ` ${field.unit}` : "");
}

/// A round step, so that so many fit into the span.
export function roundStep(span, count) {
  const rough = span / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? rough;
}
