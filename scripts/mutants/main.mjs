// Mutation testing: `npm run mutants -- [--share 0.2] [--seed 1] [--effort 0.25] [--minutes 60] [--json FILE] [FILE or FOLDER...]` (ADR 0111, docs/testing.md).
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { mutate } from './mutate.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    share: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    // The share of the draws that each law makes: with less, the score is a lower bound.
    effort: { type: 'string', default: '1' },
    // Mutants come in a drawn order: what is done when the time is up is a fair share of them.
    minutes: { type: 'string', default: 'Infinity' },
    json: { type: 'string' },
  },
});
const share = Number(values.share);
if (!(share > 0 && share <= 1)) throw new Error('mutants: --share is a number above 0 and at most 1');

const until = Date.now() + 60_000 * Number(values.minutes);
const isLate = () => Date.now() > until;

/** What is mutated unless files are named: the lock model and prediction. The generator of random programs is a tool of tests. */
const FOLDERS = positionals.length > 0 ? positionals : ['engine/model', 'engine/predict'];
const SPARED = /(?:\.test\.ts|\.laws\.ts|engine\/model\/random-program\.ts)$/;
/** The tests beside the mutated rooms, and those of rooms that are built on them. */
const TEST_FILES = [
  'engine/model/rules.test.ts',
  'engine/model/machine.test.ts',
  'engine/model/corners.test.ts',
  'engine/model/key-plan.test.ts',
  'engine/model/contexts.test.ts',
  'engine/model/interpreted.test.ts',
  'engine/explore/classics.test.ts',
  'engine/predict/predict.test.ts',
  'engine/predict/shapes.test.ts',
  'engine/predict/construct.test.ts',
  'engine/predict/cycles.test.ts',
  'engine/predict/dependencies.test.ts',
  'engine/predict/meeting.test.ts',
  'engine/predict/must-order.test.ts',
  'engine/predict/settle.test.ts',
  'engine/predict/views.test.ts',
  'engine/predict/trace/must-before.test.ts',
  'engine/predict/trace/moments.test.ts',
  'engine/predict/trace/dependencies.test.ts',
  'engine/predict/trace/patterns.test.ts',
  'engine/predict/trace/closure.test.ts',
  'engine/predict/trace/line-up.test.ts',
  'engine/model/differential.test.ts',
  'engine/explore/explore.test.ts',
  'engine/explore/plain.test.ts',
  'engine/lower/trace/lower-trace.test.ts',
  'engine/lower/trace/decided.test.ts',
  'engine/lower/trace/scale.test.ts',
];
/** A test has this much of the processor, beyond five times what it takes without a mutant; so has loading the modules. */
const SPARE_MS = 3000;

function filesBelow(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesBelow(join(path, name)));
}

/** A number in 0..1 from a text, the same each time: FNV-1a, then mixed. */
function draw(text) {
  let h = 0x811c9dc5;
  for (const char of `${values.seed}:${text}`) h = Math.imul(h ^ char.codePointAt(0), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

const compiled = (code) =>
  ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  }).outputText;

/** Writes the build with the mutants in it, the tests, and what they read. Returns the mutants. */
function layOut(tree) {
  cpSync(join(root, 'dist'), tree, { recursive: true });
  for (const name of ['node_modules', 'docs']) symlinkSync(join(root, name), join(tree, name));
  cpSync(join(root, 'package.json'), join(tree, 'package.json'));
  const isSource = (path) => path.endsWith('.ts');
  for (const room of ['engine', 'corpus'])
    for (const file of filesBelow(room)) {
      if (isSource(file) && !/\.(?:laws|test)\.ts$/.test(file)) continue;
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      if (!isSource(file)) cpSync(join(root, file), join(tree, file));
      else
        writeFileSync(
          join(tree, file.replace(/\.ts$/, '.js')),
          compiled(readFileSync(join(root, file), 'utf8')),
        );
    }
  const mutants = [];
  let made = 0;
  const wanted = ({ file, line, column, what }) => {
    made++;
    return share === 1 || draw(`${file}:${line}:${column}:${what}`) < share;
  };
  for (const file of FOLDERS.flatMap(filesBelow).filter((name) => isSource(name) && !SPARED.test(name))) {
    const changed = mutate(file, readFileSync(join(root, file), 'utf8'), mutants.length, wanted);
    mutants.push(...changed.mutants);
    writeFileSync(join(tree, file.replace(/\.ts$/, '.js')), compiled(changed.code));
  }
  return { mutants, made };
}

/** Milliseconds of the processor that a process has used (Linux); elsewhere, what the clock says since `began`. */
function usedMs(pid, began) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Date.now() - began;
  }
}

/** Runs the loop on tasks, told line by line; ends it when a test uses more than `limitOf` allows. Returns true if it ended well. */
function runLoop(work, tasks, count, hear, limitOf) {
  return new Promise((resolve) => {
    const file = join(work, 'tasks.json');
    writeFileSync(
      file,
      JSON.stringify({
        testFiles: TEST_FILES.map((name) => name.replace(/\.ts$/, '.js')),
        effort: Number(values.effort),
        ...tasks,
      }),
    );
    const child = spawn(
      process.execPath,
      [
        '--max-old-space-size=1024',
        join(root, 'scripts/mutants/loop.mjs'),
        join(work, 'tree'),
        String(count),
        file,
      ],
      {
        stdio: [
          'ignore',
          'pipe',
          tasks.jobs === undefined && tasks.fixed === undefined ? 'inherit' : 'ignore',
        ],
      },
    );
    const began = Date.now();
    let rest = '';
    let since = 0;
    let limit = Number.POSITIVE_INFINITY;
    child.stdout.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const said = JSON.parse(line);
        if (said.at !== undefined) {
          since = usedMs(child.pid, began);
          limit = limitOf(said.test);
        }
        hear(said);
      }
    });
    const watch = setInterval(() => {
      if (usedMs(child.pid, began) - since > limit || isLate()) child.kill('SIGKILL');
    }, 200);
    child.on('exit', (code) => {
      clearInterval(watch);
      resolve(code === 0);
    });
  });
}

const work = mkdtempSync(join(tmpdir(), 'relock-mutants-'));
const { mutants, made } = layOut(join(work, 'tree'));
console.log(
  `${made} mutants in ${FOLDERS.join(', ')}; ${mutants.length} of them are run (share ${share}, seed ${values.seed}, effort ${values.effort}).`,
);

let atLoad = new Set();
const leftOut = new Set();
const testsOf = mutants.map(() => []);
const msOf = [];
let names = [];
const ok = await runLoop(
  work,
  {},
  mutants.length,
  (said) => {
    if (said.atLoad !== undefined) {
      atLoad = new Set(said.atLoad);
      names = said.tests;
    } else if (said.leftOut !== undefined) {
      msOf[said.leftOut] = 0;
      leftOut.add(said.leftOut);
      console.log(`left out, since it fails with so few draws: ${names[said.leftOut]}: ${said.why}`);
    } else {
      msOf[said.test] = said.ms;
      for (const id of said.reached) testsOf[id].push(said.test);
    }
  },
  () => Number.POSITIVE_INFINITY,
);
if (!ok || msOf.length !== names.length) throw new Error('mutants: the tests do not pass without a mutant');
console.log(
  `${names.length} tests take ${msOf.reduce((a, b) => a + b, 0)} ms of the processor without a mutant.`,
);

/** killed: a test fails; timeout: it runs on; survived; unreached: no test comes by. */
const results = new Map();
/** Keeps what came of a mutant, and tells at once of one that lives. */
function conclude(id, result) {
  results.set(id, result);
  const { file, line, column, what, before } = mutants[id];
  if (result.state === 'survived' || result.state === 'unreached')
    console.log(`${result.state}: ${file}:${line}:${column}: ${what}: ${before.replace(/\s+/g, ' ')}`);
}
const killed = (by) => ({ state: 'killed', by });
const jobs = [];
const loads = [];
for (const { id, isStatic } of mutants) {
  const order = testsOf[id].sort((a, b) => msOf[a] - msOf[b]);
  if (isStatic || (order.length === 0 && atLoad.has(id))) loads.push(id);
  else if (order.length === 0) conclude(id, { state: 'unreached' });
  else jobs.push({ id, order });
}
const limitOf = (test) => SPARE_MS + 5 * (test === undefined ? 1000 : msOf[test]);
let at = -1;
const hear = (said) => {
  if (said.at !== undefined) at = said.at;
  else conclude(said.id, said.killedBy === null ? { state: 'survived' } : killed(said.killedBy));
};
const everything = [...names.keys()].filter((i) => !leftOut.has(i)).sort((a, b) => msOf[a] - msOf[b]);
const place = (id) => draw(`order ${id}`);
jobs.sort((a, b) => place(a.id) - place(b.id));
loads.sort((a, b) => place(a) - place(b));
// Those that need a process each take their turns among the others.
const loadsEach = Math.max(1, Math.ceil(loads.length / 10));
const inAll = jobs.length + loads.length;
let left = jobs;
while ((left.length > 0 || loads.length > 0) && !isLate()) {
  const batch = left.slice(0, Math.max(1, Math.ceil(jobs.length / 10)));
  if (batch.length > 0 && !(await runLoop(work, { jobs: batch }, mutants.length, hear, limitOf)))
    if (!results.has(at) && !isLate()) conclude(at, { state: 'timeout' });
  left = left.filter(({ id }) => !results.has(id));
  for (const id of loads.splice(0, loadsEach))
    if (!isLate() && !(await runLoop(work, { fixed: id, order: everything }, mutants.length, hear, limitOf)))
      if (!results.has(id) && !isLate()) conclude(id, { state: 'timeout' });
}
rmSync(work, { recursive: true });

// Those that no test comes by were known at once: where others were left off, as many of them are, or the score would be wrong.
const ran = inAll === 0 ? 1 : 1 - (left.length + loads.length) / inAll;
const done = mutants.filter(
  ({ id }) => results.has(id) && (results.get(id).state !== 'unreached' || place(id) <= ran),
);
console.log(`${done.length} of ${mutants.length} were run.`);
const of = (list, state) => list.filter(({ id }) => results.get(id)?.state === state).length;
const row = (name, list) => {
  const dead = of(list, 'killed') + of(list, 'timeout');
  const score = list.length === 0 ? '' : `${((100 * dead) / list.length).toFixed(1)} %`;
  console.log(
    `| ${name} | ${list.length} | ${of(list, 'killed')} | ${of(list, 'timeout')} | ${of(list, 'survived')} | ${of(list, 'unreached')} | ${score} |`,
  );
};
console.log(
  '\n| file | mutants | killed | ran on | survived | unreached | score |\n|---|---|---|---|---|---|---|',
);
for (const file of new Set(done.map((mutant) => mutant.file)))
  row(
    relative('.', file),
    done.filter((mutant) => mutant.file === file),
  );
row('all', done);
if (values.json !== undefined)
  writeFileSync(
    values.json,
    JSON.stringify(
      done.map((mutant) => ({ ...mutant, ...results.get(mutant.id) })),
      null,
      1,
    ),
  );
