// docs/schema.json is what the types say and holds for real captures; docs/schema.md names every word of the schema.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { captureForm } from '../../cli/capture-form.js';
import { lowerCapture } from '../../engine/lower/lower.js';
import { importSource } from '../../importers/import.js';
import { SKIPS } from '../../importers/skips.js';
import { sourceOf } from '../../importers/source.js';
import { anyCapture, anyReport } from '../pack/arbitrary.laws.js';
import { decodeCapture, encodeCapture } from '../pack/pack.js';
import { programNo, witnessOf } from '../store/fixtures.laws.js';
import { captureDocument, captureOfDocument } from '../text/json-capture.js';
import { BASES, type Capture } from './capture.js';
import { CONTEXTS, EVENT_KINDS, KNOWN_BY } from './event.js';
import type { ErrorForm, ImportForm, LsForm, PredictForm, QueryForm } from './forms.js';
import { LOCK_MODES } from './lock.js';
import { REPORT_KINDS } from './report.js';
import { GRADES, TRIAGE_STATES, WITNESS_KINDS } from './witness.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Logs of the field; skipped where they are not at hand. */
const FIELD = join(root, '../shared/field');
const text = readFileSync(join(root, 'docs/schema.json'), 'utf8');
const page = readFileSync(join(root, 'docs/schema.md'), 'utf8');

/** The schema as published, and one that also refuses fields that it does not name: what we write is to be named. */
const published = new Ajv({ strict: false }).addSchema(JSON.parse(text), 'relock');
const exact = new Ajv({ strict: false, allErrors: true }).addSchema(closed(JSON.parse(text)), 'relock');

function closed(schema: unknown): object {
  const walk = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(walk);
    if (node === null || typeof node !== 'object') return node;
    const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value)]));
    if (typeof copy['properties'] === 'object' && copy['additionalProperties'] === undefined)
      copy['additionalProperties'] = false;
    return copy;
  };
  return walk(schema) as object;
}

function validator(ajv: Ajv, definition: string): ValidateFunction {
  const validate = ajv.getSchema(definition === 'Form' ? 'relock' : `relock#/definitions/${definition}`);
  if (validate === undefined) throw new Error(`no definition ${definition}`);
  return validate;
}

/** What is wrong with a value as it would stand in a file, by both schemas; empty if nothing. */
function faults(definition: string, value: unknown): string[] {
  const json: unknown = JSON.parse(JSON.stringify(value));
  return [published, exact].flatMap((ajv) => {
    const validate = validator(ajv, definition);
    return validate(json)
      ? []
      : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
  });
}

const captures: Capture[] = [];

/** The samples, and the logs beside the importers' tests. */
function logs(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return logs(path);
    return (folder.includes('samples') || folder.includes('testdata') || folder.includes('scenarios')) &&
      /\.(log|txt|eml|litmus)$/.test(entry.name)
      ? [path]
      : [];
  });
}

beforeAll(async () => {
  for (const file of [...logs('corpus'), ...logs('importers')]) {
    const imported = await importSource(sourceOf(file, readFileSync(join(root, file))));
    if (imported.ok) captures.push(imported.capture);
  }
});

describe('docs/schema.json', () => {
  it('is what npm run schema makes of the types', () => {
    const made = spawnSync(process.execPath, ['scripts/export-schema.mjs', '--stdout'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(made.stderr).toBe('');
    expect(made.stdout === text, 'docs/schema.json is out of date: npm run schema').toBe(true);
  });

  it('has plain ids and no trace of brands or typed arrays', () => {
    expect(text).not.toMatch(/__brand|Uint8Array|BigInt64Array|BYTES_PER_ELEMENT|Omit</);
    expect(faults('WitnessId', '0123456789ab')).toEqual([]);
    expect(faults('WitnessId', 12)).not.toEqual([]);
    expect(faults('CaptureId', 'xyz')).not.toEqual([]);
  });

  it('holds for the captures of real logs, packed and unpacked', () => {
    expect(captures.length).toBeGreaterThan(5);
    for (const capture of captures) {
      const decoded = decodeCapture(encodeCapture(capture));
      if (!decoded.ok) throw new Error(decoded.problem.title);
      expect(faults('CaptureDocument', captureDocument(decoded.capture)), capture.file).toEqual([]);
      for (const lowered of lowerCapture(capture).programs)
        expect(faults('LoweredProgram', lowered), capture.file).toEqual([]);
    }
    const form: ImportForm = {
      schema: 'relock.import/1',
      captures: captures.map((c) => captureForm(c, false)),
    };
    expect(faults('Form', form)).toEqual([]);
  });

  it('holds for whatever a capture may contain', () => {
    fc.assert(
      fc.property(anyCapture, anyReport, (capture, report) => {
        expect(faults('CaptureDocument', captureDocument(capture))).toEqual([]);
        expect(faults('Report', report)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('holds for witnesses, programs and the other forms', () => {
    const witness = witnessOf({ bug: 1, variant: 1 });
    expect(faults('Witness', { ...witness, found_at: '2026-01-01T00:00:00.000Z' })).toEqual([]);
    expect(faults('LoweredProgram', programNo(1, 'a'.repeat(64) as Capture['id']).lowered)).toEqual([]);
    const forms: (ErrorForm | LsForm | PredictForm | QueryForm)[] = [
      { error: { title: 'T', facts: ['a'], next: 'relock' } },
      { schema: 'relock.ls/1', witnesses: [witness] },
      {
        schema: 'relock.predict/1',
        cycles: [{ classes: ['a'], tasks: [], status: 'open', why: '', witness: null, complete: false }],
      },
      { schema: 'relock.query/1', columns: ['a'], rows: [[1], ['x'], [null]] },
    ];
    for (const form of forms) expect(faults('Form', form)).toEqual([]);
  });

  it('refuses what is not so', () => {
    const witness = witnessOf({ bug: 1, variant: 1 });
    for (const wrong of [
      { ...witness, kind: 'crash' },
      { ...witness, id: 'short' },
      { ...witness, tasks: {} },
      { ...witness, steps: undefined },
    ])
      expect(validator(published, 'Witness')(JSON.parse(JSON.stringify(wrong)))).toBe(false);
    expect(validator(published, 'Form')({ schema: 'relock.unknown/1' })).toBe(false);
    // Fields may be added: the published schema passes over them, the exact one does not.
    expect(validator(published, 'Witness')({ ...witness, later: 1 })).toBe(true);
    expect(validator(exact, 'Witness')({ ...witness, later: 1 })).toBe(false);
  });
});

describe('a capture as a JSON document', () => {
  it('reads back as the capture', () => {
    fc.assert(
      fc.property(anyCapture, (capture) => {
        const document = JSON.parse(JSON.stringify(captureDocument(capture)));
        // JSON has no negative zero; `where` is the one column that could hold it.
        const where = capture.events.where.map((w) => w + 0);
        expect(captureOfDocument(document)).toEqual({ ...capture, events: { ...capture.events, where } });
      }),
      { numRuns: 100 },
    );
  });
});

describe('docs/schema.md', () => {
  const severities = new Set(Object.values(SKIPS).map((skip) => skip.severity));
  it.each([
    ['event kind', EVENT_KINDS],
    ['known by', KNOWN_BY],
    ['context', CONTEXTS],
    ['lock mode', LOCK_MODES],
    ['report kind', REPORT_KINDS],
    ['severity', [...severities]],
    ['basis', BASES],
    ['witness kind', WITNESS_KINDS],
    ['grade', GRADES],
    ['triage state', TRIAGE_STATES],
  ])('names each %s', (_what, words) => {
    for (const word of words) expect(page, word).toContain(`\`${word}\``);
  });

  /** Words of reports that the page does not explain. */
  function unexplained(from: readonly Capture[]): string[] {
    const rows = new Map([...page.matchAll(/^\| (.+?) \| (.+) \|$/gm)].map((row) => [row[1], row[2] ?? '']));
    const missing = new Set<string>();
    for (const report of from.flatMap((capture) => capture.reports)) {
      const own = rows.get(`\`${report.kind}\``);
      const facts = page.slice(
        page.indexOf('### Facts of a report'),
        page.indexOf('### Problems of a report'),
      );
      for (const fact of Object.keys(report.facts ?? {}))
        if (!facts.includes(`\`${fact}\``)) missing.add(`${report.kind}: ${fact}`);
      for (const problem of report.problems ?? []) if (!rows.has(`\`${problem}\``)) missing.add(problem);
      if (own === undefined) missing.add(report.kind);
    }
    return [...missing];
  }

  it('explains each fact and problem that the reports of the samples have', () => {
    expect(unexplained(captures)).toEqual([]);
  });

  it.skipIf(!existsSync(FIELD))('and those of logs from the field, which all survive packing', async () => {
    const field: Capture[] = [];
    for (const file of readdirSync(FIELD).filter((name) => !/\.(json|md|tsv)$/.test(name))) {
      const imported = await importSource(sourceOf(file, readFileSync(join(FIELD, file))));
      if (!imported.ok) continue;
      expect(decodeCapture(encodeCapture(imported.capture))).toStrictEqual(imported);
      expect(faults('CaptureForm', captureForm(imported.capture, true)), file).toEqual([]);
      field.push(imported.capture);
    }
    expect(field.length).toBeGreaterThan(100);
    expect(unexplained(field)).toEqual([]);
  });
});
