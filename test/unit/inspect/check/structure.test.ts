import { describe, expect, it } from 'vitest';
import { structureFaults } from '../../../../src/inspect/check/structure.ts';
import { programOfSave } from '../../../../src/inspect/program.ts';
import { waysBy } from '../../../support/many-ways.ts';

const JUMPS = ['-A PREROUTING -j KUBE-SERVICES', '-A POSTROUTING -j KUBE-POSTROUTING'];
const FIXED = [':KUBE-SERVICES - [0:0]', ':KUBE-POSTROUTING - [0:0]', ':KUBE-MARK-MASQ - [0:0]'];

/** Faults as `kind chain: rule`, of a nat table with these lines besides the fixed chains. */
function faultsOf(...lines: readonly string[]): readonly string[] {
  const program = programOfSave(['*nat', ...FIXED, ...lines, ...JUMPS, 'COMMIT'], 'ipv4');
  return structureFaults(program).map(
    ({ kind, chain, place }) => `${kind} ${chain}: ${place?.rule ?? 'all'}`,
  );
}

const ONE = ':KUBE-SVC-ONE - [0:0]';
const TWO = ':KUBE-SVC-TWO - [0:0]';

describe('rules as such', () => {
  it('are sound without services', () => {
    expect(faultsOf()).toEqual([]);
  });

  it('have jumps that lead somewhere', () => {
    expect(faultsOf('-A KUBE-SERVICES -d 10.0.0.1/32 -j KUBE-SVC-ONE')).toEqual([
      'danglingJump KUBE-SERVICES: 1',
    ]);
    expect(faultsOf('-A KUBE-SERVICES -d 10.0.0.1/32 -g KUBE-SVC-ONE')).toEqual([
      'danglingJump KUBE-SERVICES: 1',
    ]);
  });

  it('have a way into each chain, and chains without one do not lead into others', () => {
    expect(faultsOf(ONE, TWO, '-A KUBE-SVC-ONE -j KUBE-SVC-TWO')).toEqual([
      'orphan KUBE-SVC-ONE: all',
      'orphan KUBE-SVC-TWO: all',
    ]);
  });

  it('may have chains that watch for a flush, and others that are none of ours', () => {
    expect(faultsOf(':KUBE-PROXY-CANARY - [0:0]', ':KUBE-MARK-DROP - [0:0]', ':DOCKER - [0:0]')).toEqual([]);
  });

  it('may have node ports that answer nowhere', () => {
    expect(
      faultsOf(
        ':KUBE-NODEPORTS - [0:0]',
        ONE,
        '-A KUBE-NODEPORTS -p tcp -m tcp --dport 30000 -j KUBE-SVC-ONE',
      ),
    ).toEqual([]);
  });

  it('may lead on to one another without end, and are told that nft does not take it', () => {
    const chains = waysBy(['-j'], 15_000);
    expect(faultsOf(...chains, '-A KUBE-SERVICES -j KUBE-WAY-0')).toEqual(['tooDeep PREROUTING: all']);
    expect(faultsOf(...chains, '-A KUBE-WAY-15000 -j KUBE-WAY-0', '-A KUBE-SERVICES -j KUBE-WAY-0')).toEqual([
      'loop KUBE-WAY-15000: 1',
    ]);
  });

  it('lead in no circle', () => {
    const lines = ['-A KUBE-SERVICES -j KUBE-SVC-ONE', '-A KUBE-SVC-ONE -j KUBE-SVC-TWO'];
    expect(faultsOf(ONE, TWO, ...lines, '-A KUBE-SVC-TWO -s 10.0.0.1/32 -j KUBE-SVC-ONE')).toEqual([
      'loop KUBE-SVC-TWO: 1',
    ]);
    expect(faultsOf('-A KUBE-SERVICES -j KUBE-SERVICES')).toEqual(['loop KUBE-SERVICES: 1']);
  });

  it.each([
    [15, []],
    [16, ['tooDeep PREROUTING: all']],
  ])('are nested 15 deep at most: %i', (depth, faults) => {
    const chains = Array.from({ length: depth - 1 }, (_, index) => `KUBE-D-${index}`);
    const path = ['KUBE-SERVICES', ...chains];
    expect(
      faultsOf(
        ...chains.map((chain) => `:${chain} - [0:0]`),
        ...chains.map((chain, index) => `-A ${path[index] ?? ''} -j ${chain}`),
      ),
    ).toEqual(faults);
  });
});

describe('a rule is out of reach', () => {
  const chain = (...rules: readonly string[]): readonly string[] =>
    faultsOf(
      ONE,
      TWO,
      '-A KUBE-SVC-TWO -p tcp -m tcp -j DNAT --to-destination 10.0.0.9:80',
      '-A KUBE-SERVICES -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-ONE',
      '-A KUBE-SERVICES -d 10.0.0.2/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-TWO',
      ...rules.map((rule) => `-A KUBE-SVC-ONE ${rule}`),
    );
  const second = ['unreachableRule KUBE-SVC-ONE: 2'];

  it.each([
    ['an unconditional verdict', '-j ACCEPT', second],
    ['a return', '-m comment --comment "go" -j RETURN', second],
    ['a jump to a chain that sends all to an endpoint', '-j KUBE-SVC-TWO', second],
    ['the same, with the protocol of all that comes here', '-p tcp -j KUBE-SVC-TWO', second],
    ['a goto', '-g KUBE-SVC-TWO', second],
    ['a certainty', '-m statistic --mode random --probability 1.00000000000 -j KUBE-SVC-TWO', second],
    ['a chance', '-m statistic --mode random --probability 0.50000000000 -j KUBE-SVC-TWO', []],
    ['a verdict on one source', '-s 10.0.0.3/32 -j ACCEPT', []],
    ['a verdict on another protocol', '-p udp -j ACCEPT', []],
    ['a jump that comes back', '-j KUBE-MARK-MASQ', []],
    ['nothing but a comment', '-m comment --comment "nothing"', []],
  ])('behind %s or not', (_, rule, faults) => {
    expect(chain(rule, '-j KUBE-MARK-MASQ')).toEqual(faults);
  });

  it('not behind a chain from which some return first', () => {
    expect(
      faultsOf(
        ONE,
        '-A KUBE-SVC-ONE -s 10.0.0.3/32 -j RETURN',
        '-A KUBE-SVC-ONE -j ACCEPT',
        '-A KUBE-SERVICES -j KUBE-SVC-ONE',
        '-A KUBE-SERVICES -j KUBE-MARK-MASQ',
      ),
    ).toEqual([]);
  });
});
