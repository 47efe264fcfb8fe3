// Lengths of time as users type and read them: 90s, 5m, 1h30m.

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/** Seconds of `10s`, `5m`, `8h`, `1h30m`, `2d`, or of a bare number; null if it is none. */
export function parseDuration(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  if (!/^(\d+(\.\d+)?[smhd])+$/.test(text)) return null;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g))
    seconds += Number(amount) * (UNITS[unit as string] as number);
  return seconds;
}

/** `59s`, `5m`, `5h46m`: the two largest units, rounded up so that a rest is never nothing. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (h > 0) return m > 0 ? `${h}h${String(m).padStart(2, '0')}m` : `${h}h`;
  if (m > 0) return s > 0 ? `${m}m${String(s).padStart(2, '0')}s` : `${m}m`;
  return `${s}s`;
}

/** 91442018 as `91.4M`, 11400 as `11.4k`. */
export function shortCount(n: number): string {
  if (n >= 1e9) return `${(n / 1e9).toFixed(1)}G`;
  if (n >= 1e6) return `${(n / 1e6).toFixed(1)}M`;
  if (n >= 1e4) return `${(n / 1e3).toFixed(1)}k`;
  return String(Math.round(n));
}

/** `22 s ago`, `41 m ago`, `1 h 02 m ago`: how long before `now` (ms since 1970) an ISO 8601 time was. */
export function agoText(at: string, now: number): string {
  return `${spanText((now - Date.parse(at)) / 1000)} ago`;
}

/** `22 s`, `1 m 12 s`, `2 h 14 m`, `3 d 04 h`: rounded down, for what has passed. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole >= 86_400) return `${Math.floor(whole / 86_400)} d ${two(Math.floor((whole % 86_400) / 3600))} h`;
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} m`;
  if (whole >= 60) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  return `${whole} s`;
}
