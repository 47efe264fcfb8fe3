// The words by which a report begins: a coarse net over raw text, and a fine one over peeled messages.

/**
 * Finds, in raw text with its prefixes, a line that may begin a report, or an excerpt of one without its headline, or
 * that names the kernel. Global: used with `lastIndex` over whole blocks. What it misses is never looked at, so it
 * must be a superset of every recogniser.
 */
export const TRIGGER =
  /INFO: |WARNING: |BUG: | held by |Show(?:ing all| (?:Blocked|State|Locks))|LOCKUP|state:D|Linux version |DEBUG_LOCKS_WARN_ON|-> #\d|is trying to |takes:|just changed the|the existing dependency|locks? still held/g;

/** The same without what only begins excerpts: twice as fast, for files too long to be cut by hand. */
export const HEADLINE_TRIGGER =
  /INFO: |WARNING: |BUG: |LOCKUP|Show(?:ing all| (?:Blocked|State|Locks))|DEBUG_LOCKS_WARN_ON|-> #\d|Linux version /g;

/**
 * Tells, of a raw line that the net caught, whether it is worth peeling: programs log `INFO: ` and `WARNING: ` on every
 * line. Again a superset of every recogniser, cut headlines included.
 */
export const WORTH_READING =
  /(?:INFO|WARNING|BUG): *(?:$|task |possible|inconsistent|suspicious|bad |held|lock|[Nn]ested|[Ii]nvalid|scheduling|sleeping|using |soft|workqueue|spin|rw|rt|mutex|MAX_|key |chain_key|looking|trying|CPU: |kernel|lib|DEBUG|rcu|\S+-(?:safe|unsafe)|.*(?:lock|LOCK|stall|RCU|irq|IRQ))| held by |Show|LOCKUP|state:D|Linux version|DEBUG_LOCKS|-> ?#|is trying|takes:|just changed|the existing|still held/;

/** Lock reports and stalls, at the beginning of a peeled and trimmed message. */
const HEADLINES: readonly RegExp[] = [
  /^(?:\[ )?(?:INFO|WARNING|BUG): (?:possible (?:circular|recursive|irq lock|deadlock)|inconsistent |.*(?:safe|READ) -> .* lock order|suspicious (?:RCU|rcu_dereference)|bad (?:unlock|contention)|held lock freed|lock held (?:when|at)|.* still has locks held|Nested lock|Invalid wait context|invalid wait context|bad wait context)/i,
  /^INFO: task .+:\d+ (?:<\w+> )?(?:blocked|can't die|is blocked)/,
  /^[?@]?(?:rcu: )?INFO: rcu\w* .*stall/i,
  /^(?:(?:NMI )?watchdog: )?BUG: (?:soft lockup|workqueue|scheduling while atomic|sleeping function|using |spinlock|rwlock|rtmutex|MAX_LOCK|key |looking up)/,
  /(?:Watchdog|self-)\s*detected hard LOCKUP|detected hard LOCKUP on/,
  /^(?:[Ss]ys[Rr]q ?: )?Show(?:ing all locks held| Blocked State| State| Locks Held)/,
  /^DEBUG_LOCKS_WARN_ON/,
  /^WARNING: CPU: \d+ PID: \d+ at /,
  /^(?:BUG: (?:unable to|kernel NULL|KASAN|Bad page|KFENCE|KCSAN)|Unable to handle kernel|general protection fault|Oops(?::| )|Kernel panic - not syncing|kernel BUG at|Internal error: )/,
];

/** True if the message begins a report of any kind, ours or not: whatever is open ends there. */
export function isHeadline(message: string): boolean {
  const text = message.trim();
  const first = text.charCodeAt(0);
  // `#`, `(`, `<`, `-`: most lines of reports; none of these begins a headline.
  if (first === 0x23 || first === 0x28 || first === 0x3c || first === 0x2d) return false;
  return HEADLINES.some((pattern) => pattern.test(text));
}
