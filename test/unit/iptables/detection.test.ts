import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../../src/config/load.ts';
import { chooseBackends } from '../../../src/daemon/families.ts';
import { detectBackend } from '../../../src/iptables/detect-backend.ts';
import { FAMILIES } from '../../../src/net/address.ts';
import { scriptedTools } from '../../support/scripted-tools.ts';

const TOOLS = ['iptables', 'ip6tables'].flatMap((name) =>
  ['-nft', '-legacy', '-nft-save', '-legacy-save'].map((kind) => name + kind),
);

/** The tools of both stores, each empty, with `nft` as the default; `body` is done before. */
function install(body: string): void {
  const say = `case "$*" in --version) echo '(nf_tables)' ;; esac`;
  const { directory } = scriptedTools(`${body}\n${say}`, 'iptables', ...TOOLS);
  process.env.PATH = `${directory}:${process.env.PATH ?? ''}`;
}

beforeEach(() => {
  const { PATH } = process.env;
  onTestFinished(() => void (process.env.PATH = PATH));
});

describe('the store of the node', () => {
  it('is that which can be read', async () => {
    install('case $0 in *-nft-save) exit 1 ;; esac');
    expect(await detectBackend()).toBe('legacy');
  });

  it('is not decided by a tool that was killed', async () => {
    install('case $0 in *-nft-save) kill -9 $$ ;; esac');
    await expect(detectBackend()).rejects.toThrow(/ended by a signal/);
  });
});

describe('the families of the node', () => {
  const { settings } = readConfig({ flags: {} });
  const served = async (): Promise<readonly string[]> => {
    const backends = await chooseBackends(settings, { ipv6Enabled: true }, pino({ level: 'silent' }));
    return backends.map(({ family }) => family);
  };

  it('are those whose tables can be read', async () => {
    install('case "$0 $*" in *ip6tables*-t*) exit 1 ;; esac');
    expect(await served()).toEqual(['ipv4']);
  });

  it('are not decided by a tool that was killed', async () => {
    install('case "$0 $*" in *ip6tables*-t*) kill -9 $$ ;; esac');
    await expect(served()).rejects.toThrow(/ended by a signal/);
  });

  it('are known without a reading of whole tables, which may be kept from its end', async () => {
    install('case "$0 $*" in *-save*-t*) sleep 1000 ;; esac');
    expect(await served()).toEqual(FAMILIES);
  });

  it('are both where nothing ails', async () => {
    install('');
    expect(await served()).toEqual(FAMILIES);
  });
});
