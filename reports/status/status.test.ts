// Tests of the status forms: 80 x 24 whatever the figures, mail in 75 columns, docs and CSV as the table declares.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CampaignFigures, PLOT_COLUMNS, STATISTICS } from '../../corpus/schema/statistics.js';
import type { Witness } from '../../corpus/schema/witness.js';
import { statusLine } from './line.js';
import { morningLines } from './mail.js';
import { plotPage } from './plot-page.js';
import { SCREEN, statusScreen } from './screen.js';
import { plotCsv, statsText } from './stats.js';

const AT = '2026-03-10T06:00:00.000Z';
const NOW = Date.parse(AT);

const FIGURES: CampaignFigures = {
  campaign: 'zpci-night',
  model: 'kernel/3',
  seed: 1,
  shards: 8,
  jobs: 16,
  hosts: 0,
  phase: 'fuzz',
  phase_done: 0,
  phase_of: null,
  seconds: 8040,
  run_seconds: 8040,
  budget_seconds: 28_800,
  run_execs: 91_442_018,
  budget_execs: null,
  execs: 91_442_018,
  steps: 1_203_881_000,
  execs_per_second: 11_400,
  lanes: 12,
  seeds: 1284,
  features: 5310,
  last_feature_at: '2026-03-10T05:58:48.000Z',
  last_witness_at: '2026-03-10T05:19:00.000Z',
  checkpoint_at: '2026-03-10T05:59:38.000Z',
  new_signatures: 2,
  seen_again: 1,
  shrinking: 1,
  programs: 30,
  proved: 21,
  ill_formed: 0,
  states: 1_203_881,
  cycles_confirmed: 2,
  cycles_refuted: 5,
  cycles_open: 1,
  order_edges: 260,
  classes: 64,
  never_contended: 46,
  random_runs: 9_000_000,
  next_is_new: 0,
  next_is_new_at_most: 3.3e-7,
  search_seconds_left: null,
  replays: 3,
  replays_agree: 3,
  rss_mib: 210.4,
  db_mib: 6.2,
  yields: [
    { arm: 'preempt.add', features: 803, execs: 31_000_000 },
    { arm: 'preempt.move', features: 417, execs: 22_000_000 },
    { arm: 'urw', features: 300, execs: 9_000_000 },
    { arm: 'stack', features: 52, execs: 28_000_000 },
  ],
  newest: [
    {
      id: '1f93a2c4d5e6',
      title: 'inversion pci_rescan_remove_lock <-> zpci_add_remove_lock',
      at: '2026-03-10T05:19:00.000Z',
    },
    {
      id: 'e4a8a2c4d5e6',
      title: 'inversion &dev->mutex <-> pci_rescan_remove_lock',
      at: '2026-03-10T04:58:00.000Z',
    },
  ],
};

const MOMENT = { version: '0.1', now: NOW, foot: '[q] save and quit' };

/** Figures of any size, names of any length. */
function anyFigures(): fc.Arbitrary<CampaignFigures> {
  const n = fc.oneof(fc.nat(9), fc.nat(100_000), fc.maxSafeNat());
  const maybe = fc.option(n);
  const share = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
  const counts = Object.fromEntries(
    Object.entries(FIGURES)
      .filter(([, value]) => typeof value === 'number')
      .map(([key]) => [key, n]),
  );
  return fc
    .record({
      ...counts,
      campaign: fc.string({ minLength: 1, maxLength: 120 }),
      phase_of: maybe,
      budget_seconds: maybe,
      budget_execs: maybe,
      search_seconds_left: maybe,
      next_is_new: share,
      next_is_new_at_most: share,
      newest: fc.array(
        fc.record({
          id: fc.constant('1f93a2c4d5e6'),
          title: fc.string({ maxLength: 200 }),
          at: fc.constant(AT),
        }),
        { maxLength: 2 },
      ),
    })
    .map((change) => ({ ...FIGURES, ...change }) as CampaignFigures);
}

describe('the screen', () => {
  it.each([
    [0, 10, 'no features yet'],
    [30, 10, '3.0 features per exec'],
    [10, 15, '0.7 features per exec'],
    [10, 40, '1 feature per 4 execs'],
    [5, 0, '5.0 features per exec'],
  ])('says how rare features are: %d in %d execs', (features, execs, words) => {
    expect(statusScreen({ ...FIGURES, features, execs }, MOMENT).join('\n')).toContain(words);
  });

  it('is the one that is documented', () => {
    expect(`${statusScreen(FIGURES, MOMENT).join('\n')}\n`).toMatchInlineSnapshot(`
      " relock 0.1  campaign zpci-night  model kernel/3            2 h 14 m of 8 h 00 m
      +- time --------------------------------+- found -----------------------------+
      | last feature    1 m 12 s ago          | new signatures  2                   |
      | last witness    41 m 00 s ago         | seen again      1                   |
      | checkpoint      22 s ago              | shrinking       1                   |
      +- search ------------------------------+- reach -----------------------------+
      | now      fuzz                         | lock-order edges  260               |
      | execs    91.4M   11.4k/s   16 jobs    | cycles            8: 2 real, 1 open |
      | seeds    1 284   12 lanes             | never contended   46 of 64 classes  |
      +- exhaustive --------------------------+- discovery -------------------------+
      | proved   21 of 30 programs            | 1 feature per 17.2k execs           |
      | states   1 203 881                    | new end in the next run: < 3.3e-5 % |
      +- yield: features / execs -------------+- health ----------------------------+
      | add 803/31.0M      move 417/22.0M     | replays agree  100.00 %             |
      | urw 300/9.0M       stack 52/28.0M     | memory 210 MiB  db 6.2 MiB          |
      +---------------------------------------+-------------------------------------+
       1f93a2c inversion pci_rescan_remove_lock <-> zpci_add_remove_lock
       e4a8a2c inversion &dev->mutex <-> pci_rescan_remove_lock          1 h 02 m ago
       [q] save and quit
      "
    `);
  });

  it('stands in 80 columns and 24 lines, whatever the figures', () => {
    fc.assert(
      fc.property(anyFigures(), (figures) => {
        const lines = statusScreen(figures, MOMENT);
        expect(lines.length).toBeLessThanOrEqual(SCREEN.lines);
        for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(SCREEN.columns);
      }),
    );
  });

  it('shows a time left for bounded searches only', () => {
    expect(statusScreen(FIGURES, MOMENT).join()).not.toContain('left');
    const searching = {
      ...FIGURES,
      phase: 'deep-search',
      phase_of: 30,
      phase_done: 21,
      search_seconds_left: 9600,
    };
    expect(statusScreen(searching, MOMENT).join()).toContain('at most 2 h 40 m left');
  });

  it('has one line for where there is no terminal', () => {
    expect(statusLine(FIGURES)).toBe(
      '02:14 zpci-night fuzz 91.4M execs 11.4k/s 1284 seeds 5310 features 2 new 5h46m left',
    );
  });
});

describe('statistics', () => {
  it('are declared once, all of them', () => {
    const keys = STATISTICS.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect([...keys].sort()).toEqual(Object.keys(FIGURES).sort());
  });

  it('are what docs/status-screen.md says, box by box', () => {
    const page = readFileSync(new URL('../../docs/status-screen.md', import.meta.url), 'utf8');
    for (const { key, box, unit, plotted, meaning } of STATISTICS) {
      const title = box === 'head' ? 'the first line' : box;
      const section = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
      expect(section, box).toContain(`\n| \`${key}\` | ${unit} | ${plotted ? 'yes' : ''} | ${meaning} |\n`);
      // A paragraph before the table.
      expect(section.split('\n| key')[0]?.length, box).toBeGreaterThan(100);
    }
    expect(page.match(/^\| `/gm)).toHaveLength(STATISTICS.length);
  });

  it('make the stats file and plot.csv', () => {
    const stats = statsText(FIGURES, AT).trimEnd().split('\n');
    expect(stats).toHaveLength(STATISTICS.length + 1);
    expect(stats.find((line) => line.startsWith('execs '))).toMatch(/^execs +: 91442018$/);
    const [head, row, ...rest] = plotCsv([{ at: AT, figures: FIGURES }])
      .trimEnd()
      .split('\n');
    expect(head).toBe(PLOT_COLUMNS.join(','));
    expect(row?.split(',')).toHaveLength(PLOT_COLUMNS.length);
    expect(row?.startsWith(`${AT},8040,91442018,`)).toBe(true);
    expect(rest).toEqual([]);
  });

  it('make a page that loads nothing and runs nothing of a name', () => {
    const evil = { ...FIGURES, campaign: '</script><script>alert(1)</script>' };
    const page = plotPage([{ at: AT, figures: evil }], { script: 'var uPlot;', style: '.u{}' });
    expect(page).not.toContain('<script>alert');
    expect(page).not.toMatch(/(src|href)=/);
    expect(page).toContain("default-src 'none'");
    const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    expect(JSON.parse(data)).toMatchObject({ hours: [8040 / 3600] });
  });
});

describe('the morning mail', () => {
  const witness = (id: string, change: Partial<Witness> = {}): Witness =>
    ({
      id,
      signature: id,
      kind: 'inversion',
      basis: 'recorded',
      grade: 'minimal',
      tasks: [{}, {}],
      cycle: ['pci_rescan_remove_lock', 'zpci_add_remove_lock'],
      preemptions: 1,
      state: 'open',
      ...change,
    }) as unknown as Witness;
  const known = { witness: witness('7c1ea2c4d5e6', { state: 'reported' }), decided: 'reported 2026-03-10' };
  const quiet = { figures: FIGURES, host: 'lpar07', fresh: [], regressed: [], known: [known], gaps: 0 };

  it('is one line when nothing is new', () => {
    expect(morningLines(quiet)).toEqual([
      'Subject: [relock] zpci-night: nothing new, 1 known, 2h14m on lpar07',
    ]);
  });

  it('says the verdict first, then what is new, known, searched and not covered', () => {
    const lines = morningLines({ ...quiet, fresh: [witness('1f93a2c4d5e6')], gaps: 2 });
    expect(`${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "Subject: [relock] zpci-night: 1 new, 1 known, 2h14m on lpar07

      New since yesterday
        1f93a2c  inversion pci_rescan_remove_lock <-> zpci_add_remove_lock
                 2 tasks, 1 preemption, minimal, basis: recorded
      Seen again
        7c1ea2c  inversion pci_rescan_remove_lock <-> zpci_add_remove_lock
                 reported 2026-03-10
      Searched
        every schedule of 21 of 30 programs (1 203 881 states)
        plus 91 442 018 schedules one by one; last new feature 50 s before the
        end
      Not covered
        2 captures lost events while recording (relock query gaps)
        9 of 30 programs without a proof
        1 predicted cycle without a verdict
        46 classes never contended
      Next
        relock show 1f93a2c
      "
    `);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(75);
    const back = morningLines({ ...quiet, regressed: [{ ...known, decided: 'fixed 2026-03-01: 7.0-rc3' }] });
    expect(back[0]).toContain('1 regressed');
  });

  it('keeps its subject in 75 columns', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 150 }), fc.string({ maxLength: 80 }), (campaign, host) => {
        const figures = { ...FIGURES, campaign };
        expect(morningLines({ ...quiet, figures, host })[0]?.length).toBeLessThanOrEqual(75);
      }),
    );
  });
});
