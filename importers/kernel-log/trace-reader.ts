// Collects one call trace out of the lines of a report, with the register dumps and marks that stand around it.
import { parseFrame } from './frame.js';

/** What a line is to a call trace. */
export type TraceLine =
  /** A frame, kept or not. */
  | 'frame'
  /** `Call Trace:` and its like. */
  | 'header'
  /** The mark that ends a task's stack. */
  | 'end'
  /** Registers, code bytes, context marks, module lists: part of a dump, no frame. */
  | 'decoration'
  | 'other';

const HEADER = /^(?:Call [Tt]race:|Backtrace: ?|Stack traceback|stack backtrace:|Stack:|Trace;)/;
/** x86, arm64, s390, ppc64, riscv register dumps, and what show_regs() and dump_stack_print_info() print. */
const DECORATION =
  /^(?:<\/?(?:TASK|IRQ|NMI|SOFTIRQ|EOI|EOE|ENTRY_TRAMPOLINE|#?\w{1,6})>|(?:RIP|RSP|RAX|RBX|RCX|RDX|RSI|RDI|RBP|R\d\d|ORIG_RAX|EIP|ESP|EAX|EBX|ESI|EDI|DS|ES|CS|CR\d|FS|GS|DR\d|PKRU|EFLAGS|Code|NIP|LR|MSR|CFAR|GPR\d\d|XER|CTR|REGS|IRQMASK|DAR|pc|lr|sp|pstate|epc|ra|gp|tp|[tsax]\d{1,2}|x\d\d?|r\d{1,2}|psr|Flags|Control|Table|Krnl (?:PSW|GPRS|Code)|R:\d|Last Breaking|PSW|Process|Exception stack|Workqueue|Stopper|Hardware name|CPU|Modules linked in|Kernel Offset|irq event stamp|hardirqs last|softirqs last|Preemption disabled at|Sending NMI|NMI backtrace|Tainted|Not tainted|Unloaded tainted|last unloaded|preempt_count|RCU nest depth|INFO: lockdep is turned off|NMI watchdog|Dumping|kworker|Showing|Mem-Info)\b|---- ?interrupt|--- interrupt|---\[ end trace|={5,}$|-{5,}$|\[<?[0-9a-f]{8,16}>?\]$|[0-9a-f]{8,16}(?: [0-9a-f]{8,16})+$|\?\? |0x[0-9a-f]{8,16}$|\[[a-z]\w*(?: [0-9a-f]+)?\]$|Exception: |Last potentially related|Insn )/;
const END = /^<\/TASK>/;

export class TraceReader {
  readonly frames: string[] = [];
  /** Modules named behind frames, reliable or not. */
  readonly modules = new Set<string>();
  #ended = false;
  #headers = 0;
  /** True behind `Preemption disabled at:`, whose next line is a place, not a frame of this trace. */
  #place = false;

  /** True once frames were read. */
  get begun(): boolean {
    return this.frames.length > 0;
  }
  /** True once the stack is known to be whole: its end mark was seen, or another trace began. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends the collecting: later frames are recognised but not kept. */
  end(): void {
    this.#ended = true;
  }

  /** Says what a peeled message is, and keeps it if it is a reliable frame of this trace. */
  feed(message: string): TraceLine {
    const text = message.trim();
    if (HEADER.test(text)) {
      if (this.begun) this.#ended = true;
      this.#headers++;
      // s390 and ppc may print the first frame behind the heading.
      const rest = text.slice(text.indexOf(':') + 1).trim();
      if (rest !== '' && this.#headers === 1) this.#frame(rest);
      return 'header';
    }
    if (END.test(text)) {
      if (this.begun) this.#ended = true;
      return 'end';
    }
    const place = this.#place;
    this.#place = text.startsWith('Preemption disabled at:');
    if (place && !this.begun && parseFrame(text) !== null) return 'decoration';
    if (this.#frame(text)) return 'frame';
    return DECORATION.test(text) ? 'decoration' : 'other';
  }

  #frame(text: string): boolean {
    const frame = parseFrame(text);
    if (frame === null) return false;
    if (frame.module !== null) this.modules.add(frame.module);
    if (!this.#ended && frame.reliable && !frame.inline) this.frames.push(frame.func);
    return true;
  }
}
