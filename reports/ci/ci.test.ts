// JUnit and KTAP of witnesses: what fails, what is known, what is escaped.
import { describe, expect, it } from 'vitest';
import type { Witness } from '../../corpus/schema/witness.js';
import { crwExample } from '../samples.laws.js';
import { junit, xml } from './junit.js';
import { ktap } from './ktap.js';

const { witness } = crwExample();
const inState = (state: Witness['state'], cycle = witness.cycle): Witness => ({ ...witness, state, cycle });

describe('ktap', () => {
  it('fails what nobody has looked at and what came back, and knows the rest', () => {
    const text = ktap([inState('open'), inState('regressed'), inState('reported'), inState('invalid')]);
    expect(text.split('\n').slice(0, 6)).toEqual([
      'KTAP version 1',
      '1..4',
      'not ok 1 1f93a2c lock inversion: pci_rescan_remove_lock <-> zpci_add_remove_lock',
      'not ok 2 1f93a2c lock inversion: pci_rescan_remove_lock <-> zpci_add_remove_lock',
      'not ok 3 1f93a2c lock inversion: pci_rescan_remove_lock <-> zpci_add_remove_lock # XFAIL reported',
      'ok 4 1f93a2c lock inversion: pci_rescan_remove_lock <-> zpci_add_remove_lock # SKIP invalid',
    ]);
  });
  it('keeps a hash in a class name from becoming a directive', () => {
    expect(ktap([inState('open', ['kn->active#4'])])).toContain('kn->active\\#4');
  });
  it('says that there is nothing', () => {
    expect(ktap([])).toBe('KTAP version 1\n1..0 # SKIP no witnesses\n');
  });
});

describe('junit', () => {
  it('counts failures and escapes names', () => {
    const text = junit([inState('open', ['&dev->mutex']), inState('fixed')]);
    expect(text).toContain('tests="2" failures="1" errors="0" skipped="1"');
    expect(text).toContain('&amp;dev-&gt;mutex');
    expect(text).toContain('<skipped message="fixed"/>');
  });
  it('says nothing that XML cannot', () => {
    expect(xml('a\u0000<b>&"')).toBe('a\ufffd&lt;b&gt;&amp;&quot;');
  });
});
