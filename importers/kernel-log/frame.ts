// One line of a call trace, of any architecture and any age, read as a function name.

/** A line of a call trace. */
export interface Frame {
  /** Function name as printed, with `.constprop.0` and the like, without offset. */
  readonly func: string;
  /** False for what the unwinder found on the stack but could not prove: `? func`, `(unreliable)`, s390's brackets. */
  readonly reliable: boolean;
  /** The module between brackets, without its build id, or null. */
  readonly module: string | null;
  /** True for lines that a symboliser added (`func file.c:12 [inline]`): the kernel did not print them. */
  readonly inline: boolean;
}

const SYMBOL = '[A-Za-z_.$][\\w.$]*';
const OFFSET = '\\+0x[0-9a-f]+(?:\\/0x[0-9a-f]*)?';

/** `[<c0012345>]`, `[c000000000123456]`, `[0xffffffff81000000]`, `[<0>]`: one or several addresses before the symbol. */
const ADDRESSES = '(?:\\[<?(?:0x)?(?:[0-9a-f]{1,16}|\\(?_*ptrval_*\\)?)>?\\][ \\t]*)*';

const PLAIN = new RegExp(`^(\\()?(${ADDRESSES})(\\? |\\?)?(?:\\(?)(${SYMBOL})${OFFSET}(.*)$`);
/** arch/arm/kernel/traps.c dump_backtrace_entry(): `[<pc>] (func) from [<lr>] (caller+0x1/0x2)`, since 5.18 without addresses. */
const ARM = new RegExp(
  `^${ADDRESSES}\\(?(${SYMBOL})(?:${OFFSET})?\\)?(?: \\[([\\w-]+)[^\\]]*\\])?\\)? from (?:${ADDRESSES}\\(?${SYMBOL}(?:${OFFSET}.*)?)?$`,
);
/** What scripts/decode_stacktrace.sh and syzkaller add for inlined functions: `func path/file.c:12 [inline]`. */
const INLINED = new RegExp(`^(?:\\[< *inline *>\\] )?(${SYMBOL}) \\S+:\\d+(?: \\[inline\\])?$`);
/** A bare symbol is a frame only behind an address: kernels without offsets, and hand-trimmed logs. */
const BARE = new RegExp(
  `^(\\()?(\\[<(?:0x)?[0-9a-f]{1,16}>\\][ \\t]*)+(\\? )?(${SYMBOL})\\)?(?: \\[([\\w-]+)\\])?$`,
);
/** scripts/decode_stacktrace.sh puts files and lines in the place of the offset: `func (a.c:12 (discriminator 1) b.h:3)`. */
const DECODED = new RegExp(
  `^(\\? )?(${SYMBOL}) \\((?:[\\w./+-]+:\\d+(?: \\(discriminator \\d+\\))?[ )])+(?: ?([A-Za-z_][\\w-]*))?$`,
);
const MODULE = /^\)?(?:\/0x[0-9a-f]+)?\)? *(?:\(\w+\) *)?\[(?!inline\])([A-Za-z_][\w-]*)(?: [^\]]*)?\]?/;
const UNRELIABLE = /\(unreliable\)/;

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0xa0;
}

/**
 * Reads one line of a call trace whose prefixes are peeled; leading blanks are free. Null if it is none.
 *
 * Sources: lib/vsprintf.c `%pS`/`%pB`/`%pSb`, and the printers of each architecture: arch/x86/kernel/dumpstack.c,
 * arch/s390/kernel/dumpstack.c, arch/powerpc/kernel/process.c, arch/arm64 and arch/riscv stacktrace.c, arch/arm/kernel/traps.c.
 */
export function parseFrame(text: string): Frame | null {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  if (end - start < 3) return null;
  const line = start === 0 && end === text.length ? text : text.slice(start, end);
  const first = line.charCodeAt(0);
  // `#0:` of lock lists, `-> #1` of chains, headings in stars and equals: never a frame.
  if (first === 0x23 || first === 0x2d || first === 0x2a || first === 0x3d) return null;

  if (line.includes(' from')) {
    const arm = ARM.exec(line);
    if (arm?.[1] !== undefined)
      return { func: arm[1], reliable: true, module: arm[2] ?? null, inline: false };
  }
  if (line.includes('+0x')) {
    const plain = PLAIN.exec(line);
    if (plain?.[4] === undefined) return null;
    const tail = plain[5] ?? '';
    // `foo+0x1/0x2: warning` and `foo+0x1/0x2, bar` are prose; a frame goes on with a blank, a bracket or nothing.
    if (tail !== '' && /^[:,;=]/.test(tail)) return null;
    const inBrackets = plain[1] !== undefined && (plain[2] ?? '') !== '';
    return {
      func: plain[4],
      reliable: plain[3] === undefined && !inBrackets && !UNRELIABLE.test(tail),
      module: MODULE.exec(tail)?.[1] ?? null,
      inline: tail.endsWith('[inline]'),
    };
  }
  if (line.endsWith('[inline]') || line.startsWith('[<  ')) {
    const inlined = INLINED.exec(line);
    if (inlined?.[1] !== undefined) return { func: inlined[1], reliable: true, module: null, inline: true };
  }
  if (line.endsWith(')') || line.includes('.c:')) {
    const decoded = DECODED.exec(line);
    if (decoded?.[2] !== undefined)
      return {
        func: decoded[2],
        reliable: decoded[1] === undefined,
        module: decoded[3] ?? null,
        inline: false,
      };
  }
  const bare = BARE.exec(line);
  if (bare?.[4] !== undefined)
    return {
      func: bare[4],
      reliable: bare[3] === undefined && bare[1] === undefined,
      module: bare[5] ?? null,
      inline: false,
    };
  return null;
}
