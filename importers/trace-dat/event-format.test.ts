// Tests of the format parser, and of the readers made from what it finds.
import { describe, expect, it } from 'vitest';
import { parseEventFormat } from './event-format.js';
import { ByteStrings, halvesReader, numberReader, stringReader } from './fields.js';
import { CpuRecords } from './ring-buffer.js';
import { Symbols } from './symbols.js';
import { stateBits } from './task-states.js';

const LOCK_ACQUIRE = `name: lock_acquire
ID: 301
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:unsigned int flags;	offset:8;	size:4;	signed:0;
	field:__data_loc char[] name;	offset:12;	size:4;	signed:0;
	field:void * lockdep_addr;	offset:16;	size:8;	signed:0;
	field:char comm[TASK_COMM_LEN];	offset:24;	size:8;	signed:0;
	field:__rel_loc char[] other;	offset:32;	size:4;	signed:0;

print fmt: "%p field:int not_one;	offset:1;	size:4;	signed:1;", REC->lockdep_addr
`;

/** A cursor that stands on one record with that payload. */
function recordOf(payload: Buffer, bigEndian: boolean): CpuRecords {
  const record = new CpuRecords(
    0,
    0,
    { bigEndian, longSize: 8, pageSize: 4096, typeOffset: 0, baseHigh: 0, baseLow: 0 },
    () => false,
    () => {},
  );
  record.view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  record.payload = 0;
  record.length = payload.length;
  return record;
}

describe('a format text', () => {
  const format = parseEventFormat('lock', LOCK_ACQUIRE);

  it('says where each field stands', () => {
    expect(format).toMatchObject({ system: 'lock', name: 'lock_acquire', id: 301 });
    expect([...(format?.fields.keys() ?? [])]).toEqual([
      'common_type',
      'common_flags',
      'common_pid',
      'flags',
      'name',
      'lockdep_addr',
      'comm',
      'other',
    ]);
    expect(format?.fields.get('name')).toMatchObject({ offset: 12, size: 4, place: 'data-loc' });
    expect(format?.fields.get('other')).toMatchObject({ place: 'rel-loc' });
    expect(format?.fields.get('comm')).toMatchObject({
      size: 8,
      type: 'char [TASK_COMM_LEN]',
      place: 'here',
    });
    expect(format?.fields.get('common_pid')).toMatchObject({ signed: true });
  });

  it('without name, number or fields is none', () => {
    for (const [what, by] of [
      [/name:.*/, ''],
      [/ID:.*/, 'ID: 70000'],
      [/field:/g, ''],
    ] as const)
      expect(parseEventFormat('lock', LOCK_ACQUIRE.replace(what, by))).toBeNull();
  });

  it.each([true, false])('becomes readers (big-endian: %s)', (bigEndian) => {
    const payload = Buffer.alloc(56);
    const u32 = (value: number, at: number) =>
      bigEndian ? payload.writeUInt32BE(value, at) : payload.writeUInt32LE(value, at);
    u32(3, 8);
    u32((6 << 16) | 40, 12);
    u32(bigEndian ? 0xffff_8881 : 0x0123_4567, 16);
    u32(bigEndian ? 0x0123_4567 : 0xffff_8881, 20);
    payload.write('task\0old', 24);
    // Counted from behind its own word: 36 + 12 = 48.
    u32((4 << 16) | 12, 32);
    payload.write('lf_a\0\0', 40);
    payload.write('abc\0', 48);
    const record = recordOf(payload, bigEndian);
    const texts: string[] = [];
    const strings = new ByteStrings((text) => texts.push(text) - 1);
    const field = (name: string) => format?.fields.get(name);
    expect(numberReader(field('flags'), bigEndian, -1)(record)).toBe(3);
    const { high, low } = halvesReader(field('lockdep_addr'), bigEndian);
    expect([high(record) >>> 0, low(record)]).toEqual([0xffff_8881, 0x0123_4567]);
    const read = (name: string) => texts[stringReader(field(name), bigEndian, strings, -1)(record)];
    expect([read('name'), read('comm'), read('other'), read('name')]).toEqual([
      'lf_a',
      'task',
      'abc',
      'lf_a',
    ]);
    // A record that ends before a field has none.
    record.length = 10;
    expect(numberReader(field('flags'), bigEndian, -1)(record)).toBe(-1);
    expect(stringReader(field('name'), bigEndian, strings, -7)(record)).toBe(-7);
    record.length = 45;
    expect(stringReader(field('name'), bigEndian, strings, -7)(record)).toBe(-7);
  });
});

describe('strings by their bytes', () => {
  it('keep their numbers while the table grows', () => {
    const texts: string[] = [];
    const strings = new ByteStrings((text) => texts.push(text) - 1);
    const words = Array.from({ length: 3000 }, (_, i) => Buffer.from(`&lock-${i * 7}\0`));
    const ids = words.map((word) => strings.id(new DataView(word.buffer, word.byteOffset), 0, word.length));
    const again = words.map((word) => strings.id(new DataView(word.buffer, word.byteOffset), 0, word.length));
    expect(again).toEqual(ids);
    expect(new Set(ids).size).toBe(words.length);
    expect(texts[ids[5] ?? 0]).toBe('&lock-35');
  });
});

describe('kallsyms', () => {
  const text = `0000000000000000 A fixed_percpu_data
ffffffff81000000 T _text
ffffffff81000040 t secondary
ffffffff81000040 t alias
ffffffff82000000 D data
ffffffffc0000000 t inside\t[module]
ffffffff81000100 t unsorted
not a line
`;
  it.each([
    [0xffffffff, 0x81000000, '_text'],
    [0xffffffff, 0x8100003f, '_text'],
    [0xffffffff, 0x81000041, 'secondary'],
    [0xffffffff, 0x81000200, 'unsorted'],
    [0xffffffff, 0xc0000010, 'inside\t[module]'],
    [0, 0x10, null],
  ])('say that %i %i lies in %s', (high, low, name) => {
    expect(new Symbols(Buffer.from(text)).nameAt(high, low)).toBe(name);
  });
  it('have 32-bit addresses too', () => {
    const symbols = new Symbols(Buffer.from('c0008000 T stext\nc0008100 T next\n'));
    expect([
      symbols.nameAt(0, 0xc0008004),
      symbols.nameAt(0, 0xc0008100),
      symbols.nameAt(0, 0xb0000000),
    ]).toEqual(['stext', 'next', null]);
  });
});

describe('states of tasks', () => {
  it('are those that the print format spells out', () => {
    const format =
      'print fmt: "%d", REC->prev_state & 127 ? __print_flags(REC->prev_state & 127, "|", { 0x00000001, "S" }, { 0x00000002, "D" }, { 0x00000010, "X" }, { 0x00000020, "Z" }, { 0x00000080, "I" }) : "R"';
    expect(stateBits(format)).toEqual({ asleep: 0xb3, dead: 0x30 });
    // Before 4.14: decimal, Z before X, and x.
    const old =
      '__print_flags(REC->prev_state & (1024-1), "|", { 1, "S"} , { 2, "D" }, { 16, "Z" }, { 32, "X" }, { 64, "x" }, { 128, "K"})';
    expect(stateBits(`prev_state ${old}`)).toEqual({ asleep: 243, dead: 112 });
    expect(stateBits('')).toEqual({ asleep: 0xff, dead: 0x30 });
  });
});
