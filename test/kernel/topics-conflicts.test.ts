import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { startLab, type Lab } from '../../src/lab/lab.ts';
import { play } from '../../src/lab/play.ts';
import { CLIENT, NODE } from '../../src/lab/topology.ts';
import { BUNDLE } from '../cli/chainwright.ts';
import { asShown, commandsOf } from '../support/documents.ts';
import { places } from './lab/outcomes.ts';
import { dumpsOf, prediction, wayOf } from './lab/predicted.ts';
import { CLIENT_V4, loadExample, NODE_V4 } from './lab/scenes.ts';

const BLUE = '10.244.1.70:8080';
const GREEN = '10.244.1.71:8080';
const OUTSIDE = `outside:${CLIENT_V4}` as const;

describe.each<BackendKind>(['nft', 'legacy'])('two Services with one node port, rules in %s', (backend) => {
  it('one of them has all of it, and explain says which', async () => {
    const scene = await loadExample('conflicts/two-services.yaml');
    await using lab = await startLab(scene, { backend });
    const to = { address: NODE_V4, port: 30110 };
    const seen = places(await lab.request({ from: 'outside', to, count: 40 }));
    expect(seen).toHaveLength(1);
    expect([BLUE, GREEN]).toContain(seen[0]);
    const { ipv4 } = await dumpsOf(lab);
    const way = wayOf(scene, ipv4, OUTSIDE, to);
    expect(prediction(way).places).toEqual(seen);
    expect(way.findings.map(({ code }) => code)).toContain('severalOwners');

    const verdicts = await play(lab, 20);
    expect(verdicts.flatMap(({ complaints }) => complaints)).toEqual([]);
    const [winner, loser] =
      seen[0] === BLUE
        ? (['default/blue', 'default/green'] as const)
        : (['default/green', 'default/blue'] as const);
    expect(way.service).toBe(winner);
    const wins = verdicts.filter(({ wonBy }) => wonBy !== undefined);
    expect(new Set(wins.map(({ check, wonBy }) => `${check.service} loses to ${wonBy ?? ''}`))).toEqual(
      new Set([`${loser} loses to ${winner}`]),
    );
    expect(wins.every(({ check }) => check.destination.kind === 'nodePort')).toBe(true);
  });
});

describe.each<BackendKind>(['nft', 'legacy'])('a process on a node port, rules in %s', (backend) => {
  it('gets nothing as long as the service answers, and explain --live names it', async () => {
    const scene = await loadExample('webapp1-nodeport.yaml');
    await using lab = await startLab(scene, { backend });
    const listener = await listen(lab, 30080);
    const to = { address: NODE_V4, port: 30080 };
    for (const from of ['outside', 'node', 'pod:10.32.0.3'] as const) {
      const outcomes = await lab.request({ from, to, count: 40 });
      expect(places(outcomes), from).toEqual(['10.32.0.3:80', '10.32.0.5:80']);
    }
    const live = (await commandsOf('manifests/examples/README.md')).filter(({ args }) =>
      args.includes('--live'),
    );
    expect(live).toHaveLength(1);
    for (const { args, directory, output } of live) {
      const said = await explainLive(lab, args, directory);
      expect(said).toContain(`(process ${listener})`);
      const shown = output.map((line) => line.replace(/\(process \d+\)/, `(process ${listener})`));
      expect(asShown(said, shown)).toEqual(shown);
    }
  });

  it('gets everything where node ports do not answer', async () => {
    const scene = await loadExample('webapp1-nodeport.yaml', { 'nodeport-addresses': ['203.0.113.0/24'] });
    await using lab = await startLab(scene, { backend });
    await listen(lab, 30080);
    const [file, ...via] = lab.via(CLIENT);
    const { stdout } = await execa(file, [...via, 'curl', '--silent', `http://${NODE_V4}:30080/`]);
    expect(stdout).toBe('the process');
    const { ipv4 } = await dumpsOf(lab);
    const way = wayOf(scene, ipv4, OUTSIDE, { address: NODE_V4, port: 30080 });
    expect(way.branches.map(({ outcome }) => outcome)).toEqual(['untouched']);
    expect(way.findings.map(({ code }) => code)).toEqual(['nodePortAddresses']);
  });
});

/**
 * A web server among the node's own processes, which goes with the lab.
 *
 * @returns its process, as it is seen from outside of the lab
 */
async function listen(lab: Lab, port: number): Promise<number> {
  const program = `process.title = 'httpd'; require('http').createServer((_, answer) => answer.end('the process'))
    .listen(${port}, '0.0.0.0', () => console.log(require('fs').readlinkSync('/proc/self')))`;
  const [file, ...via] = lab.via(NODE);
  const child = execa(file, [...via, process.execPath, '-e', program], { reject: false });
  return new Promise((resolve) => child.stdout.once('data', (chunk) => resolve(Number(chunk))));
}

async function explainLive(lab: Lab, args: readonly string[], directory: string): Promise<string> {
  const [file, ...via] = lab.via(NODE);
  // Entering the lab leads to the root directory.
  const command = ['env', `--chdir=${directory}`, 'NO_COLOR=1', process.execPath, BUNDLE, ...args];
  const { stdout, stderr } = await execa(file, [...via, ...command], { reject: false });
  return [stderr, stdout].filter((text) => text !== '').join('\n');
}
