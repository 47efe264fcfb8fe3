// Cuts a report of nvidia-bug-report.sh into its sections, and tells which of them are kernel logs.
import type { TextBlock } from '../text-blocks.js';

/** The words with which every report begins, behind its first rule. */
export const PROLOGUE = /^Start of NVIDIA bug report log file\b/m;
/** What the script prints before every section; its title is the next line that is not empty. */
const RULE = /^_{40,}\s*$/;
/** `*** /var/log/messages` of append(), `dmesg:`, and the command lines of journalctl without a filter for X. */
const KERNEL_LOG =
  /^(?:\*\*\* (?:\/\S*)?\/(?:messages|syslog|kern\.log|kernel\.log|dmesg)(?:\.\d+)?$|(?:\S*\/)?(?:sudo )?dmesg\b|(?:\S*\/)?journalctl\b(?!.*_COMM=))/;
/** Lines of append() about the file itself. */
const ABOUT_FILE = /^\*\*\* /;

export interface SectionCounts {
  readonly kernelLogs: number;
  readonly others: number;
}

/** Blanks what is no kernel log, so that every line keeps its number in the whole file. */
export class SectionFilter {
  #inKernelLog = false;
  #awaitsTitle = false;
  #kernelLogs = 0;
  #others = 0;

  /** `prologue` is handed every line outside kernel logs. */
  constructor(readonly outside: (line: string, no: number) => void) {}

  get counts(): SectionCounts {
    return { kernelLogs: this.#kernelLogs, others: this.#others };
  }

  /** The block with other sections blanked; the same number of lines. */
  block(block: TextBlock): TextBlock {
    const lines = block.text.split('\n');
    const kept = lines.map((line, i) => (this.#line(line, block.firstLine + i) ? line : ''));
    return { ...block, text: kept.join('\n') };
  }

  #line(line: string, no: number): boolean {
    if (RULE.test(line)) {
      this.#awaitsTitle = true;
      this.#inKernelLog = false;
      return false;
    }
    if (this.#awaitsTitle) {
      const title = line.trim();
      if (title === '') return false;
      this.#awaitsTitle = false;
      this.#inKernelLog = KERNEL_LOG.test(title);
      if (this.#inKernelLog) this.#kernelLogs++;
      else this.#others++;
      this.outside(line, no);
      return false;
    }
    if (this.#inKernelLog && !ABOUT_FILE.test(line)) return true;
    this.outside(line, no);
    return false;
  }
}
