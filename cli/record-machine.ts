// What `relock record` knows of the machine: its architecture, its kernel, and whether lockdep and kprobes are in that kernel.
import { readFileSync } from 'node:fs';
import { machine, release } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { ARCHITECTURES, type Architecture } from './record-commands.js';

/** Answers of a kernel about itself; null where it does not tell. */
export interface KernelSays {
  /** Text of its configuration: CONFIG_X=y lines. */
  readonly config: string | null;
  /** Text of available_events: SYSTEM:EVENT lines. */
  readonly events: string | null;
}

/** Whether the kernel tells of every lock, and how one knows. */
export interface LockdepFacts {
  /** `lock:lock_acquire` and `lock:lock_release` exist: CONFIG_LOCKDEP. */
  readonly lockdep: boolean;
  /** `lock:lock_acquired` exists too: CONFIG_LOCK_STAT. Null where nobody knows. */
  readonly lockStat: boolean | null;
  /** Functions can be probed: CONFIG_KPROBE_EVENTS. Null where nobody knows. */
  readonly kprobes: boolean | null;
  /** Where the answer comes from, for the user. */
  readonly from: string;
}

/** This machine as `uname -m` names it, or null if relock knows no argument register for it. */
export function thisArchitecture(): Architecture | null {
  return ARCHITECTURES.find((arch) => arch === machine()) ?? null;
}

/** What the running kernel says: /proc/config.gz or /boot/config-RELEASE, and tracefs where this user may read it. */
export function askKernel(): KernelSays {
  const zipped = tryRead('/proc/config.gz');
  return {
    config:
      (zipped === null ? null : gunzipSync(zipped).toString('latin1')) ??
      tryRead(`/boot/config-${release()}`)?.toString('latin1') ??
      null,
    events: tryRead('/sys/kernel/tracing/available_events')?.toString('latin1') ?? null,
  };
}

function tryRead(path: string): Buffer | null {
  try {
    const bytes = readFileSync(path);
    return bytes.length === 0 ? null : bytes;
  } catch {
    // Absent, or for root only: then the kernel does not tell.
    return null;
  }
}

/** Concludes from what the kernel says; `wanted` is what the user said, or null. */
export function lockdepFacts(says: KernelSays, wanted: boolean | null): LockdepFacts {
  const { config, events } = says;
  const event = (name: string): boolean | null =>
    events === null ? null : new RegExp(`^lock:${name}$`, 'm').test(events);
  const option = (name: string): boolean | null =>
    config === null ? null : new RegExp(`^CONFIG_${name}=y$`, 'm').test(config);
  const bySetting = config === null ? null : option('LOCKDEP') === true || option('PROVE_LOCKING') === true;
  const told = event('lock_acquire') ?? bySetting;
  const lockStat = event('lock_acquired') ?? option('LOCK_STAT');
  const kprobes = option('KPROBE_EVENTS');
  if (wanted !== null)
    return {
      lockdep: wanted,
      // What this kernel says of lock_acquired is no answer for the kernel that the user means, if that is another.
      lockStat: wanted && told === true ? lockStat : null,
      kprobes: !wanted && told === false ? kprobes : null,
      from: `as you said with --${wanted ? '' : 'no-'}lockdep`,
    };
  if (told === null)
    return {
      lockdep: false,
      lockStat: null,
      kprobes,
      from: 'not known: this kernel does not tell; see --lockdep',
    };
  return {
    lockdep: told,
    lockStat: told ? lockStat : null,
    kprobes,
    from: event('lock_acquire') === null ? 'from the configuration of this kernel' : 'from available_events',
  };
}
