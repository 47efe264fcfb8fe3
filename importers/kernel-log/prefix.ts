// Peels what loggers, terminals, CI systems and mail clients put in front of the kernel's message.
import { decodeHTML } from 'entities';
import type { LogLine } from './line.js';

/** `[    1.234567]`, `[ 240.]`, `[]`, `[ +0.000003]`, `[ 2785.392341 ]`, `[   12.345678s]`. */
const STAMP = /\[ *(?:\+? *(\d{1,9})?\.(\d{0,9}) *s?)? *\]/y;
/** CONFIG_PRINTK_CALLER: `[  T123]`, `[    C1]`; with CONFIG_PRINTK_EXECUTION_CTX also `[ T123][ CPU1][ comm]`. */
const CALLER = /\[ *([TC]\d+)(?:[@ ][^\]]*)?\]/y;
const EXECUTION_CONTEXT = /\[ *CPU\d+ *\]\[[^\]]*\]/y;
/** dmesg -T and -e: `[Di Nov 15 22:52:28 2022]`, `[Nov15 22:52]`; Jenkins and others: `[2022-11-15T22:52:28.123Z]`, `[22:52:28]`. */
const DATE_IN_BRACKETS =
  /\[(?:[^\s[\]\d]{1,10},? +[^\s[\]\d]{1,10} +\d{1,2} +\d\d:\d\d:\d\d(?:\.\d+)?(?: [A-Z]{2,5})? \d{4}|[^\s[\]\d]{3,5} ?\d{1,2} \d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\]]{0,16}|\d\d:\d\d:\d\d(?:[.,]\d+)?)\]/y;
/** `<6>`, `<15>`; old klogd printed `<c>`. */
const LEVEL = /<(?:\d{1,3}|[cdew])>/y;
/** A level whose `<` was lost. */
const LEVEL_TAIL = /\d>(?= ?\[)/y;
const ISO = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?= |\t|\[|$)/y;
const CLOCK = /\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?=:? )/y;
/** `2022/11/15 22:52:28`, as Go programs and syzkaller print. */
const SLASHED = /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?= )/y;
/** Months in any language, possibly mangled: `Nov 15 22:52:28`, `Mai 29 11:43:58`, `abr. 22 09:12:07`, `15 nov. 22:52:28`. */
const SYSLOG =
  /(?:[^\s\d[\]<>():;,]{3,6},? {1,2}\d{1,2}(?: \d{4})?,?|\d{1,2}\.? [^\s\d[\]<>():;,]{3,6}) \d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?= |$)/y;
/** Host and program behind a date: ` host kernel:`, ` kernel[0]:`, ` host kern.warn kernel:`, ` kernel:`. */
const PROGRAM = / +(?:[^\s:[\]]+ +){0,2}(?:kernel|klogd|vmunix|dmesg)(?:\[\d*\])?:/y;
/** `INFO:host.console:` of Python's logging, as teuthology and others put between date and message. */
const LOGGER = / (?:DEBUG|INFO|WARNING|ERROR):[\w@.-]+:/y;
/** A host alone, where a stamp follows. */
const HOST = / +[\w.-]+(?= \[ *\d+\.\d+ *\])/y;
/** `kernel:` or `host kernel:` without a date. */
const BARE_PROGRAM = /(?:[\w.-]+ )?kernel(?:\[\d*\])?: ?(?=\S| |$)/y;
/** dmesg -x: `kern  :info  : `; busybox: `kern.info kernel: `. */
const FACILITY = /(?:kern|user|daemon|syslog) *(?::\w+ *:|\.\w+ kernel:)/y;
/** `123:` or `file.log:123:` of grep -n, `123  ` of cat -n: only where a stamp follows. */
const NUMBERED = /(?:[\w./-]+[:-])?\d{1,8}(?:[:-]|\t| +) *(?=[<[] *[\d+<])/y;
/** What stood on the terminal when the kernel wrote: `(initramfs) `, `root@host:~# `, `login: `, `console | `. */
const TERMINAL =
  /(?:\([\w-]{1,20}\)|\S{1,40}[#$:|]|[\w.-]{1,40} +\|) +(?=\[(?: *\d+\.\d{6}\]|[^\s\d[\]]{2,4} [^\s\d[\]]{3,4} +\d+ \d\d:|\d{4}-\d\d-))/y;

/**
 * /dev/kmsg: `level,sequence,microseconds,flags[,caller=T1];message` (Documentation/ABI/testing/dev-kmsg). What is not
 * printable stands as `\\x0a` there, newlines inside a message among it.
 */
const KMSG = /\d{1,4},\d{1,20},(\d{1,20}),[-c+](?:,caller=([TC]\d+))?(?:,[^;,]{0,64}){0,8};/y;
const KMSG_NEWLINE = '\\x0a';

const ESCAPE = '\u001b';
const ANSI =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])|\^\[\[[0-9;]*m|\u241b\[[0-9;]*m/g;
const ENTITY = /&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,5}|#x[0-9a-f]{1,4});/i;
/** A stamp inside a text: two lines ran into one. */
const INNER_STAMP = /\[ {0,4}\d{1,7}\.\d{6}\](?=[ [])/g;

interface Peeled {
  readonly at: number;
  readonly caller: string | null;
  readonly timeNs: bigint | null;
}

function stampNs(seconds: string | undefined, fraction: string | undefined): bigint | null {
  if (seconds === undefined) return null;
  return BigInt(seconds) * 1_000_000_000n + BigInt((fraction ?? '').padEnd(9, '0').slice(0, 9));
}

/** Index behind a match of a sticky pattern at `at`, or -1. */
function past(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** Where the prefix ends that begins at `at` (no blank), or -1 if none begins there. Does not handle stamps and callers. */
function pastOther(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === 0x3c) return past(LEVEL, text, at);
  if (code === 0x5b) return past(DATE_IN_BRACKETS, text, at);
  if (code >= 0x30 && code <= 0x39) {
    let end = past(LEVEL_TAIL, text, at);
    if (end !== -1) return end;
    end = past(ISO, text, at);
    if (end === -1) end = past(SLASHED, text, at);
    if (end === -1) end = past(CLOCK, text, at);
    if (end === -1 && past(SYSLOG, text, at) !== -1) end = past(SYSLOG, text, at);
    if (end !== -1) return pastProgram(text, end);
    return past(NUMBERED, text, at);
  }
  if (code === 0x28) return past(TERMINAL, text, at);
  const isWord = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code >= 0x80;
  if (!isWord) return -1;
  let end = past(SYSLOG, text, at);
  if (end !== -1) return pastProgram(text, end);
  end = past(FACILITY, text, at);
  if (end !== -1) return end;
  // Cheap tests first: nearly every message begins with a word.
  const colon = text.indexOf('kernel', at);
  if (colon !== -1 && colon - at < 80) {
    end = past(BARE_PROGRAM, text, at);
    if (end !== -1) return text[end - 1] === ' ' ? end - 1 : end;
  }
  const bracket = text.indexOf('[', at);
  if (bracket !== -1 && bracket - at < 60) {
    end = past(NUMBERED, text, at);
    if (end === -1) end = past(TERMINAL, text, at);
    return end;
  }
  return -1;
}

function pastProgram(text: string, at: number): number {
  let end = past(PROGRAM, text, at);
  if (end === -1) end = past(LOGGER, text, at);
  if (end === -1) end = past(HOST, text, at);
  return end === -1 ? at : end;
}

function skipBlanks(text: string, at: number): number {
  let end = at;
  for (;;) {
    const code = text.charCodeAt(end);
    if (code !== 0x20 && code !== 0x09) return end;
    end++;
  }
}

function peelFrom(text: string): Peeled {
  let at = 0;
  let caller: string | null = null;
  let timeNs: bigint | null = null;
  // Each turn takes one prefix; the bound is against texts made of nothing but prefixes.
  for (let turn = 0; turn < 64; turn++) {
    const begin = skipBlanks(text, at);
    if (begin >= text.length) break;
    const code = text.charCodeAt(begin);
    let end = -1;
    if (code === 0x3e) {
      // `> `, `>> `, `>`: mail quoting.
      end = begin + 1;
    } else if (begin === 0 && code >= 0x30 && code <= 0x39 && text.includes(';')) {
      KMSG.lastIndex = 0;
      const record = KMSG.exec(text);
      if (record !== null)
        return { at: KMSG.lastIndex, caller: record[2] ?? null, timeNs: BigInt(record[1]!) * 1000n };
    } else if (code === 0x5b) {
      STAMP.lastIndex = begin;
      const stamp = STAMP.exec(text);
      if (stamp !== null) {
        end = STAMP.lastIndex;
        timeNs = stampNs(stamp[1], stamp[2]) ?? timeNs;
      } else {
        CALLER.lastIndex = begin;
        const called = CALLER.exec(text);
        if (called !== null) {
          end = CALLER.lastIndex;
          caller = called[1] ?? null;
          const context = past(EXECUTION_CONTEXT, text, end);
          if (context !== -1) end = context;
        }
      }
    }
    if (end === -1) end = pastOther(text, begin);
    if (end === -1) break;
    // One blank separates prefix and message; further ones belong to the message.
    at = text.charCodeAt(end) === 0x20 ? end + 1 : end;
  }
  return { at, caller, timeNs };
}

function clean(raw: string): string {
  let text = raw;
  if (text.includes(ESCAPE) || text.includes('^[[') || text.includes('\u241b')) text = text.replace(ANSI, '');
  if (text.includes('&') && ENTITY.test(text)) text = decodeHTML(text);
  if (text.includes('\u00a0')) text = text.replaceAll('\u00a0', ' ');
  if (text.endsWith('^M')) text = text.slice(0, -2);
  return text;
}

function peelOne(raw: string, no: number, into: LogLine[]): void {
  let text = clean(raw);
  for (;;) {
    const { at, caller, timeNs } = peelFrom(text);
    const rest = at === 0 ? text : text.slice(at);
    INNER_STAMP.lastIndex = 1;
    const inner = INNER_STAMP.exec(rest);
    if (inner === null) {
      into.push({ no, text: rest, caller, timeNs });
      return;
    }
    // Lines that ran together, by a mail client or because a program wrote to the same terminal.
    into.push({ no, text: rest.slice(0, inner.index), caller, timeNs });
    text = rest.slice(inner.index);
  }
}

/** rsyslog writes control characters as `#` and three octal digits: 012 is the newline, 015 and 011 are CR and tab. */
const FOLDED = /#01[25]/;
/** The same after someone stripped the `#`: only where a line of a report can begin. */
const FOLDED_BARE =
  /012(?= {2,}\S|but task |which lock |the existing |other info |stack backtrace|-> #|\[<| *Possible |INFO: |Call Trace|$)/;

/**
 * Peels one physical line: usually gives one message, several where a logger folded newlines (`#012`) or lines ran
 * together. `no` is the 1-based number of the physical line. A message keeps its own leading blanks.
 */
export function peelLine(raw: string, no: number): LogLine[] {
  const out: LogLine[] = [];
  let line = raw;
  if (line.includes('\r')) {
    // Serial consoles end lines with `\r\r\n`; a bare `\r` inside is a progress bar overwritten by a message.
    line = line.replace(/\r+$/, '');
    if (line.includes('\r')) {
      for (const part of line.split(/\r+/)) if (part !== '') out.push(...peelLine(part, no));
      return out;
    }
  }
  if (line.includes(KMSG_NEWLINE)) {
    KMSG.lastIndex = 0;
    const record = KMSG.exec(line);
    if (record !== null) {
      const head = line.slice(0, KMSG.lastIndex);
      for (const part of line.slice(head.length).split(KMSG_NEWLINE)) peelOne(head + part, no, out);
      return out;
    }
  }
  if (line.includes('01')) {
    const folded = FOLDED.test(line) ? /(?:#015)?#012|#015/ : FOLDED_BARE.test(line) ? FOLDED_BARE : null;
    if (folded !== null) {
      const [first = '', ...others] = line.split(folded);
      peelOne(first.replaceAll('#011', '\t'), no, out);
      const head = out[0];
      for (const part of others) {
        const rest: LogLine[] = [];
        peelOne(part.replaceAll('#011', '\t'), no, rest);
        for (const one of rest)
          out.push({
            ...one,
            caller: one.caller ?? head?.caller ?? null,
            timeNs: one.timeNs ?? head?.timeNs ?? null,
          });
      }
      return out;
    }
  }
  peelOne(line, no, out);
  return out;
}
