// Tests of prefix peeling: every wrapping of one message gives that message.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { peelLine } from './prefix.js';

const texts = (raw: string) => peelLine(raw, 1).map((line) => line.text);

describe('peelLine', () => {
  it.each([
    ['INFO: task a:1 blocked'],
    ['[    1.234567] INFO: task a:1 blocked'],
    ['4,323,29343094,c;INFO: task a:1 blocked'],
    ['6,1,0,-,caller=T12;INFO: task a:1 blocked'],
    ['[12345.234567] INFO: task a:1 blocked'],
    ['[ 2785.392341 ] INFO: task a:1 blocked'],
    ['[ 240.] INFO: task a:1 blocked'],
    ['[] INFO: task a:1 blocked'],
    ['[  +0.000003] INFO: task a:1 blocked'],
    ['<4>[    1.234567] INFO: task a:1 blocked'],
    ['<4> [1.234567] INFO: task a:1 blocked'],
    ['4>[    1.234567] INFO: task a:1 blocked'],
    ['<3>INFO: task a:1 blocked'],
    ['[    1.234567][  T123] INFO: task a:1 blocked'],
    ['[    1.234567] [   C12] INFO: task a:1 blocked'],
    ['[  T123] INFO: task a:1 blocked'],
    ['[    1.234567][  T123][ CPU4][ kworker/4:1] INFO: task a:1 blocked'],
    ['[Tue Nov 15 22:52:28 2022] INFO: task a:1 blocked'],
    ['[Di Nov 15 22:52:28 2022] INFO: task a:1 blocked'],
    ['[Nov15 22:52] INFO: task a:1 blocked'],
    ['2022-11-15T22:52:28,123456+01:00 INFO: task a:1 blocked'],
    ['2022-11-15T22:52:28.123456+01:00 host.example kernel: INFO: task a:1 blocked'],
    ['2022-11-15T22:52:28.123456Z host kernel: [    1.234567] INFO: task a:1 blocked'],
    ['2022-11-15 22:52:28 INFO: task a:1 blocked'],
    ['[2022-11-15T22:52:28.123Z] [    1.234567] INFO: task a:1 blocked'],
    ['2023-08-01T10:00:00.1234567Z [    1.234567] INFO: task a:1 blocked'],
    ['Nov 15 22:52:28 host kernel: INFO: task a:1 blocked'],
    ['Nov  5 22:52:28 host kernel: [    1.234567] INFO: task a:1 blocked'],
    ['Nov 15 22:52:28 kernel: INFO: task a:1 blocked'],
    ['Mai 29 11:43:58  kernel: INFO: task a:1 blocked'],
    ['abr 22 09:12:07 huron kernel: INFO: task a:1 blocked'],
    ['M\ufffdr 22 09:12:07 host kernel: INFO: task a:1 blocked'],
    ['Nov 15 22:52:28 host [    1.234567] INFO: task a:1 blocked'],
    ['kernel: INFO: task a:1 blocked'],
    ['host kernel: INFO: task a:1 blocked'],
    ['kernel:[    1.234567] INFO: task a:1 blocked'],
    ['kern  :info  : [    1.234567] INFO: task a:1 blocked'],
    ['kern  :err   : INFO: task a:1 blocked'],
    ['> INFO: task a:1 blocked'],
    ['>> [    1.234567] INFO: task a:1 blocked'],
    ['> > >> > [    1.234567] INFO: task a:1 blocked'],
    ['>[    1.234567] INFO: task a:1 blocked'],
    ['>>>>[Do Nov 17 12:02:20 2022] INFO: task a:1 blocked'],
    ['\u001b[31m[    1.234567] INFO: task a:1 blocked\u001b[0m'],
    ['[\u00a0\u00a0\u00a01.234567]\u00a0INFO: task a:1 blocked'],
    ['  123:[    1.234567] INFO: task a:1 blocked'],
    ['dmesg.txt:123:[    1.234567] INFO: task a:1 blocked'],
    ['     [38183.298119] INFO: task a:1 blocked'],
    ['(initramfs) [  183.420027] INFO: task a:1 blocked'],
    ['root@board:~# [   17.175905] INFO: task a:1 blocked'],
    ['[    1.234567] INFO: task a:1 blocked\r'],
    ['[    1.234567] INFO: task a:1 blocked\r\r'],
    ['[    1.234567] INFO: task a:1 blocked^M'],
    ['2022-11-15T22:52:28,123456+01:00[  T123] INFO: task a:1 blocked'],
    ['2022-11-15T22:52:28.123 INFO:tasks.host.console:[    1.234567] INFO: task a:1 blocked'],
    ['2022-11-15T22:52:28.123 INFO:tasks.host.console:INFO: task a:1 blocked'],
    ['(initramfs) [Tue Nov 15 22:52:28 2022] INFO: task a:1 blocked'],
    ['&gt; [    1.234567] INFO: task a:1 blocked'],
  ])('%j', (raw) => {
    expect(texts(raw)).toEqual(['INFO: task a:1 blocked']);
  });

  it.each([
    [' #0: ffff888 (&dev->mutex){....}, at: f+0x1/0x2'],
    ['[    1.234567]  #0: ffff888 (&dev->mutex){....}, at: f+0x1/0x2'],
    ['> [    1.234567]  #0: ffff888 (&dev->mutex){....}, at: f+0x1/0x2'],
    ['Nov 15 22:52:28 host kernel:  #0: ffff888 (&dev->mutex){....}, at: f+0x1/0x2'],
    ['[    1.234567][  T12]  #0: ffff888 (&dev->mutex){....}, at: f+0x1/0x2'],
  ])('keeps the leading blank of %j', (raw) => {
    expect(texts(raw)).toEqual([' #0: ffff888 (&dev->mutex){....}, at: f+0x1/0x2']);
  });

  it.each([
    ['[<ffffffff810a2f35>] wait_on_work+0x15/0x20'],
    ['[c000000012ec88d5] [c0000000016fc34d] dump_stack_lvl+0x108/0x1ac'],
    ['[ INFO: possible circular locking dependency detected ]'],
    ['[ BUG: Invalid wait context ]'],
    ['<TASK>'],
    ['task:kworker/0:1 state:D stack:0 pid:12'],
    ['kernel BUG at mm/slub.c:1!'],
  ])('leaves %j alone', (raw) => {
    expect(texts(raw)).toEqual([raw]);
  });

  it('reads stamp and caller', () => {
    expect(peelLine('<4>[   12.000345][  T123] x', 7)).toEqual([
      { no: 7, text: 'x', caller: 'T123', timeNs: 12_000_345_000n },
    ]);
  });

  it('unfolds what syslog folded', () => {
    expect(texts('Nov 15 22:52:28 host kernel: INFO: task a:1#012      Not tainted 6.1#012x')).toEqual([
      'INFO: task a:1',
      '      Not tainted 6.1',
      'x',
    ]);
    expect(texts('host kernel: #012but task is already holding lock:').at(-1)).toBe(
      'but task is already holding lock:',
    );
    expect(texts('host kernel: 012but task is already holding lock:').at(-1)).toBe(
      'but task is already holding lock:',
    );
  });

  it('splits lines that ran together', () => {
    expect(texts(' a+0x1/0x2 [ice] [ 5267.196056]  b+0x1/0x2 [ 5267.196057] [  T1]  c+0x1/0x2')).toEqual([
      ' a+0x1/0x2 [ice] ',
      ' b+0x1/0x2 ',
      ' c+0x1/0x2',
    ]);
  });

  it('never throws, and keeps the number of the physical line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        for (const line of peelLine(raw, 3)) expect(line.no).toBe(3);
      }),
    );
  });
});

describe('/dev/kmsg records', () => {
  it("keep the stamp in microseconds, the caller and the message's own blanks", () => {
    expect(peelLine('4,354,29366041,-,caller=C1; #0: ffff (lf_b)', 7)).toEqual([
      { no: 7, text: ' #0: ffff (lf_b)', caller: 'C1', timeNs: 29366041000n },
    ]);
  });

  it('are split where the kernel escaped a newline', () => {
    expect(texts('4,326,29343094,-;\\x0awhich lock already depends on the new lock.\\x0a')).toEqual([
      '',
      'which lock already depends on the new lock.',
      '',
    ]);
  });
});
