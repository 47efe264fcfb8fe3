// Paint: measures of monospaced text and the classes that colour the pictures; page.css gives them their colours.

/** Width of one character of the pictures' type, in user units; monospaced fonts differ by some percent. */
export const CHARACTER = 7.3;
/** Height of one line of text. */
export const LINE = 16;

/** Room that a text takes, with a margin for fonts that run wide. */
export function textWidth(text: string): number {
  return Math.ceil(text.length * CHARACTER + 4);
}

/** There are so many colours; tasks beyond share them. */
export const TASK_COLOURS = 8;

/** `t0` ... `t7`: class of everything that belongs to a task. */
export function taskClass(task: number): string {
  return `t${task % TASK_COLOURS}`;
}
