import { describe, expect, it } from 'vitest';
import { chainwright } from './chainwright.ts';

const EXAMPLE = ['-f', 'manifests/examples/webapp1-nodeport.yaml', '--hostname-override', 'node-a'];

describe('what only the daemon can do', () => {
  it.each([
    ['render', '--cleanup', 1],
    ['render', '--init-only', 1],
    ['render', '--write-config-to=/tmp/nothing', 1],
    ['render', '--master=https://192.0.2.1', 1],
    ['ports', '--cleanup', 2],
    ['ports', '--init-only=true', 2],
    ['lab', '--cleanup', 2],
    ['lab', '--master=https://192.0.2.1', 2],
  ])('is refused by %s: %s', async (command, order, code) => {
    const { exitCode, stdout, stderr } = await chainwright([command, ...EXAMPLE, order]);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
    expect(stderr).toBe(
      `error: ${order.replace(/=.*/, '')}: means nothing to chainwright ${command}, only to chainwright run`,
    );
  });

  it("does not keep kube-proxy's other flags from being given as they are", async () => {
    const flags = [
      '--cleanup=false',
      '--v=2',
      '--oom-score-adj=-998',
      '--metrics-bind-address=0.0.0.0:10249',
    ];
    const { exitCode, stdout, stderr } = await chainwright(['render', ...EXAMPLE, ...flags]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('--dport 30080');
  });
});

/* Wrong input ends a command with 1, unless 1 is an answer that the command can give: then with 2. */
describe('an exit code for wrong input', () => {
  it.each([
    ['run', ['--config', '/nonexistent'], 1],
    ['run', ['--no-such-flag'], 1],
    ['render', ['-f', '/nonexistent'], 1],
    ['ports', ['-f', '/nonexistent'], 2],
    ['ports', ['--no-such-flag'], 2],
    ['lab', ['-f', '/nonexistent'], 2],
    ['lab', ['--requests=none'], 2],
  ] as const)('%s %s', async (command, args, code) => {
    const { exitCode, stdout, stderr } = await chainwright([command, ...args]);
    expect({ exitCode, stdout }, stderr).toEqual({ exitCode: code, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });
});
