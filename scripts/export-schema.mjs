// Writes docs/schema.json, the JSON Schema of everything relock prints or keeps, from the types in corpus/schema.
// With --stdout it prints the schema instead, which is how the test compares the two.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The types that outsiders validate against; what these refer to comes with them. */
const TYPES = [
  'Form',
  'CaptureDocument',
  'Report',
  'Skip',
  'Witness',
  'Program',
  'LoweredProgram',
  'NamedGenome',
];

/** Branded ids are plain values in JSON: the brand exists for the compiler only. */
const IDS = {
  CaptureId: 64,
  ProgramId: 64,
  Signature: 12,
  WitnessId: 12,
};

const generator = createGenerator({
  path: join(root, 'corpus/schema/*.ts'),
  tsconfig: join(root, 'tsconfig.json'),
  type: '*',
  expose: 'export',
  jsDoc: 'extended',
  // "Fields may be added": a reader must not stumble over one that it does not know.
  additionalProperties: true,
  skipTypeCheck: true,
});

const definitions = {};
for (const type of TYPES) Object.assign(definitions, generator.createSchema(type).definitions);
for (const name of Object.keys(definitions)) {
  if (name.startsWith('Brand<') || name.startsWith('Omit<')) delete definitions[name];
  const digits = IDS[name];
  if (digits !== undefined)
    definitions[name] = {
      ...definitions[name],
      $ref: undefined,
      type: 'string',
      pattern: `^[0-9a-f]{${digits}}$`,
    };
}

const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'relock',
  description:
    'What `relock ... --json` prints (any one of the forms), and under `definitions` what is kept: CaptureDocument, Report, Witness, Program. Explained in docs/schema.md.',
  $ref: '#/definitions/Form',
  definitions,
};

/** Keys in code-unit order, so that the file changes only where the types do. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => [key, sorted(value[key])]),
  );
}

/** `GenomeOf<string>` is a name that needs escaping wherever it is referred to. */
const plainNames = (json) => json.replace(/(?:Of)?(?:<string>|%3Cstring%3E)/g, 'OfNames');

const text = `${plainNames(JSON.stringify(sorted(schema), null, 2))}\n`;
if (process.argv.includes('--stdout')) process.stdout.write(text);
else {
  writeFileSync(join(root, 'docs/schema.json'), text);
  console.error(`docs/schema.json: ${Object.keys(definitions).length} definitions`);
}
