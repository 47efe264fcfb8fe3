// Facts of the field corpus that are shown to be errors of the expected facts, each with its reason.

/** Key: `LOG:LINE FIELD`, or `LOG:LINE` for a whole report. */
export const FIELD_DISPUTES: Readonly<Record<string, string>> = {};
