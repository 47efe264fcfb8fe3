// The text forms: golden pages, and the width of every line over generated witnesses.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from './explain.js';
import { mailForm } from './mail/mail.js';
import { subject, subjectLine } from './mail/subject.js';
import { crwExample, lock, moves, mutex, op, ring, task } from './samples.laws.js';
import { chainForm } from './text/chain.js';
import { MAIL_WIDTH } from './text/layout.js';
import { witnessPage } from './text/page.js';
import { scenarioForm } from './text/scenario.js';
import { whyForm } from './text/why.js';

describe('the page of a witness', () => {
  it('is what the design notes draw', () => {
    expect(witnessPage(explain(crwExample())).join('\n')).toBe(
      `1f93a2c  lock inversion: pci_rescan_remove_lock <-> zpci_add_remove_lock
2 tasks, 1 preemption, 2 steps    grade: minimal    basis: recorded

  T1 crw/61                            T2 sriov_numvfs/1933
  ----------------------------------   ----------------------------------
  lock(zpci_add_remove_lock)
                                       lock(pci_rescan_remove_lock)
  lock(pci_rescan_remove_lock)
    ^-- WAITS for T2
                                       lock(zpci_add_remove_lock)
                                         ^-- WAITS for T1

                     *** DEADLOCK ***

Let:
  T1 = crw/61
  T2 = sriov_numvfs/1933

Then:
  - T1 waits for T2: it wants pci_rescan_remove_lock in
    zpci_cleanup_bus_resources() (line 14), which T2 has held since
    sriov_numvfs_store() (line 7).
  - However, T2 waits for T1: it wants zpci_add_remove_lock in
    zpci_zdev_put() (line 16), which T1 has held since zpci_zdev_put()
    (line 9): a cycle.

From      dmesg-lpar07.txt, lines 7-16 (s390x, 7.0.0-rc3)
Happens   also if zpci_add_remove_lock is reentrant
          also if pci_rescan_remove_lock is reentrant
Cured     if T1 takes pci_rescan_remove_lock before zpci_add_remove_lock
          if T1 releases zpci_add_remove_lock before it asks for
          pci_rescan_remove_lock
          if T2 takes zpci_add_remove_lock before pci_rescan_remove_lock
          if T2 releases pci_rescan_remove_lock before it asks for
          zpci_add_remove_lock
          (each by itself; every schedule was searched)
Ruled out a common outer lock: none is held by both at these points
Assumes   both tasks may run at once
Similar   e4a8 (shares pci_rescan_remove_lock)
Run       relock replay 1f93a2c`,
    );
  });

  it('writes the wait on the line itself where it fits', () => {
    const short = ring(
      2,
      (i) => `t${i}`,
      (i) => `l${i}`,
    );
    expect(scenarioForm(explain(short)).join('\n')).toContain('lock(l1) <-- WAITS for T2');
  });

  it('turns to numbered rows for three tasks and for long names, and cuts no name', () => {
    const three = scenarioForm(
      explain(
        ring(
          3,
          (i) => `t${i}`,
          (i) => `class_${i}`,
        ),
      ),
    ).join('\n');
    expect(three).toContain('  1 T1  lock(class_0)');
    expect(three).toContain('  6 T3  lock(class_0) <-- WAITS for T1');
    const name = `a_very_long_class_name_${'x'.repeat(60)}`;
    const long = scenarioForm(
      explain(
        ring(
          2,
          (i) => `t${i}`,
          (i) => `${name}${i}`,
        ),
      ),
    ).join('\n');
    expect(long).toContain(`1 T1  lock(${name}0)`);
  });

  it('says of a self-deadlock that the task waits for itself', () => {
    const one = explain(
      ring(
        1,
        () => 'rescan/9',
        () => 'pci_rescan_remove_lock',
      ),
    );
    expect(whyForm(one).join('\n')).toContain('T1 waits for itself: it wants pci_rescan_remove_lock');
    expect(whyForm(one).join('\n')).toContain(
      'which it has itself held since takes_own_0(): a cycle of one.',
    );
    expect(scenarioForm(one).join('\n')).toContain('WAITS for itself');
  });

  it('tells a wait for a completion and an interrupted holder', () => {
    const base = ring(
      2,
      (i) => `t${i}`,
      (i) => `c${i}`,
    );
    const program = {
      ...base.program,
      locks: [mutex('L0', 'x_lock'), { ...mutex('L1', 'x_done'), kind: 'completion' as const }],
      tasks: [
        task('waiter', [lock('L0'), op({ do: 'wait', lock: 'L1' }, 'wait_for_it')]),
        task('waker', [lock('L0'), op({ do: 'signal', lock: 'L1' })]),
      ],
    };
    const input = { ...base, program, moves: moves([0, 0], [0, 1, 'waits'], [1, 0, 'waits']) };
    expect(whyForm(explain(input)).join(' ')).toMatch(
      /waits for x_done to be completed in\s+wait_for_it\(\)/,
    );

    const irq = {
      ...base,
      program: {
        ...base.program,
        locks: [mutex('L0', 'x_lock')],
        tasks: [task('reader', [lock('L0')]), { ...task('timer', [lock('L0')]), irq: 'hard' as const }],
      },
      moves: moves([0, 0], [1, 0, 'waits']),
    };
    const text = witnessPage(explain(irq)).join('\n');
    expect(text).toContain('<Interrupt>');
    expect(text).toMatch(/T1 waits for T2: T2 is an interrupt on the CPU of T1/);
  });

  it('tells two instances of one class apart', () => {
    const two = explain(
      ring(
        2,
        (i) => `t${i}`,
        () => '&dev->mutex',
      ),
    );
    expect(scenarioForm(two).join('\n')).toContain('lock(&dev->mutex [L1])');
  });
});

describe('the chain form', () => {
  it('writes what each call will lock', () => {
    const text = chainForm(explain(crwExample())).join('\n');
    expect(text).toContain('  -> zpci_zdev_put()  # will lock(zpci_add_remove_lock)');
    expect(text).toContain('     -> zpci_cleanup_bus_resources()  # will lock(pci_rescan_remove_lock)');
    expect(text).toContain('^-- WAITS for T2');
  });
});

describe('the subject', () => {
  it('names the locks and fits', () => {
    const { witness } = crwExample();
    expect(subject(witness)).toBe('lock inversion: pci_rescan_remove_lock <-> zpci_add_remove_lock');
    expect(subjectLine({ ...witness, cycle: ['a'.repeat(40), 'b'.repeat(40)] })).toBe(
      `Subject: inversion: ${'a'.repeat(40)} and 1 more`,
    );
  });
});

const symbol = fc.stringMatching(/^[a-z_]{1,24}(->[a-z_]{1,8})?$/);

describe('width', () => {
  it('no line of any form passes 75 columns unless one long name stands in it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(symbol, { minLength: 5, maxLength: 5 }),
        fc.array(fc.stringMatching(/^[a-z]{1,14}\/\d{1,5}$/), { minLength: 5, maxLength: 5 }),
        (n, classes, tasks) => {
          const explanation = explain(
            ring(
              n,
              (i) => `${tasks[i]}${i}`,
              (i) => `${classes[i]}${i}`,
            ),
          );
          for (const form of [witnessPage, scenarioForm, whyForm, chainForm, mailForm])
            for (const line of form(explanation)) expect(line.length, line).toBeLessThanOrEqual(MAIL_WIDTH);
        },
      ),
    );
  });

  it('a name that is wider than a mail stands whole, and nothing else makes a line wide', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 120 }), fc.integer({ min: 1, max: 3 }), (width, n) => {
        const names = Array.from({ length: n }, (_, i) => `${'k'.repeat(width)}${i}`);
        const explanation = explain(
          ring(
            n,
            (i) => `t${i}`,
            (i) => names[i] as string,
          ),
        );
        for (const form of [witnessPage, scenarioForm, whyForm, chainForm, mailForm])
          for (const line of form(explanation))
            if (line.length > MAIL_WIDTH) expect(line, line).toContain('k'.repeat(60));
      }),
    );
  });
});
