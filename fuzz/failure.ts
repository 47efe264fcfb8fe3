// Names what went wrong with an input, so that one fault that many inputs show is told once.

/** The message with its numbers taken out, and the innermost file outside the laws that it came through. */
export function nameOf(error: unknown): string {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const frame = /\n\s+at .*\/((?:importers|corpus|engine)\/[^):]+\.js):/.exec(stack ?? '')?.[1];
  const said = message.split('\n', 1)[0]?.replace(/\d+/g, 'N').slice(0, 160) ?? '';
  return `${said} (${frame ?? 'fuzz/laws.js'})`;
}

/** One error line for each distinct name, whose first lines of the stack are worth reading. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 10).join('\n') : '';
}
