// JSON for terminals and pages: what a terminal would obey is written as an escape, and reads back as it was.

/** DEL, C1 controls and turns of direction, which JSON.stringify leaves as they are. */
const OBEYED = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** As JSON.stringify; parsing it gives the same value. */
export function jsonText(value: object, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
