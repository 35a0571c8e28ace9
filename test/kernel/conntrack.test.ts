import { describe, expect, it } from 'vitest';
import { carryOut } from '../../src/conntrack/delete.ts';
import { listEntries } from '../../src/conntrack/list.ts';
import { makeStage, NODE_PORT, type Ask } from './conntrack-stage.ts';
import { feed, makeNamespace } from './namespace.ts';

const answers = async (asks: readonly Ask[]): Promise<readonly string[]> => {
  const heard: string[] = [];
  for (const ask of asks) heard.push(await ask());
  return heard;
};

describe.each(['ipv4', 'ipv6'] as const)('conntrack entries, %s', (family) => {
  it('of a UDP endpoint that was replaced go, and the same client reaches the new one', async () => {
    await using stage = await makeStage(family);
    await stage.serve('udp', 'near');
    await stage.serve('udp', 'far');
    const { clusterIP, node, podGateway } = stage.addresses;
    await stage.apply({ pods: ['near'] });
    const asks = [
      await stage.client('udp', clusterIP, 80, 40_000),
      await stage.client('udp', node, NODE_PORT, 40_001),
    ];
    // By the cluster IP too: the client is no pod.
    expect(await answers(asks)).toEqual(Array(2).fill(`near sees ${podGateway}`));
    expect(await stage.clean()).toMatchObject({ kind: 'cleaned', stale: {}, deleted: 0 });

    await stage.apply({ pods: ['far'] });
    expect((await answers(asks)).every((answer) => answer.startsWith('near'))).toBe(true);
    expect(await stage.clean()).toMatchObject({ kind: 'cleaned', stale: { notServing: 2 }, deleted: 2 });
    expect((await answers(asks)).every((answer) => answer.startsWith('far'))).toBe(true);
  });

  it('that were made before anybody served a UDP port go', async () => {
    await using stage = await makeStage(family);
    await stage.serve('udp', 'near');
    await stage.apply({});
    const ask = await stage.client('udp', stage.addresses.clusterIP, 80, 40_000);
    expect(await ask()).toBe('no answer');
    await stage.apply({ pods: ['near'] });
    expect(await ask()).toBe('no answer');
    expect(await stage.clean()).toMatchObject({ kind: 'cleaned', stale: { notServing: 1 }, deleted: 1 });
    expect(await ask()).toMatch(/^near/);
  });

  it('of TCP stay with an endpoint that is gone, unless asked', async () => {
    await using stage = await makeStage(family);
    await stage.serve('tcp', 'near');
    await stage.serve('tcp', 'far');
    await stage.apply({ protocol: 'tcp', pods: ['near'] });
    const ask = await stage.client('tcp', stage.addresses.clusterIP, 80);
    expect(await ask()).toMatch(/^near/);
    await stage.apply({ protocol: 'tcp', pods: ['far'] });
    expect(await stage.clean()).toEqual({ kind: 'nothingToLookFor' });
    expect(await ask()).toMatch(/^near/);
    expect(await stage.clean({ resetGoneEndpoints: true })).toMatchObject({ stale: { gone: 1 }, deleted: 1 });
    expect(await ask()).toBe('reset');
    expect(await ask()).toMatch(/^far/);
  });

  it.each(['tcp', 'udp'] as const)(
    'of %s that hide the client go when the external policy becomes Local',
    async (protocol) => {
      await using stage = await makeStage(family);
      await stage.serve(protocol, 'near');
      await stage.serve(protocol, 'far');
      const { node, client, clusterIP } = stage.addresses;
      const pods = ['near', 'far'] as const;
      await stage.apply({ protocol, pods });
      const asks: Ask[] = [];
      const heard: string[] = [];
      // The choice is by chance: until both have been met.
      while (new Set(heard.map((answer) => answer.split(' ')[0])).size < 2) {
        asks.push(await stage.client(protocol, node, NODE_PORT));
        heard.push((await asks.at(-1)?.()) ?? '');
      }
      expect(heard.filter((answer) => answer.endsWith(client))).toEqual([]);
      const inside = await stage.client(protocol, clusterIP, 80);
      const chosen = await inside();

      await stage.apply({ protocol, pods, externalTrafficPolicy: 'Local' });
      expect(await answers(asks)).toEqual(heard);
      expect(await stage.clean()).toMatchObject({
        kind: 'cleaned',
        stale: { masqueraded: asks.length },
        deleted: asks.length,
      });
      if (protocol === 'tcp') expect(new Set(await answers(asks))).toEqual(new Set(['reset']));
      expect(new Set(await answers(asks))).toEqual(new Set([`near sees ${client}`]));
      expect(await inside()).toBe(chosen);
    },
  );

  it('that lead to other nodes go when the internal policy becomes Local', async () => {
    await using stage = await makeStage(family);
    await stage.serve('tcp', 'near');
    await stage.serve('tcp', 'far');
    await stage.apply({ protocol: 'tcp', pods: ['far'] });
    const ask = await stage.client('tcp', stage.addresses.clusterIP, 80);
    expect(await ask()).toMatch(/^far/);
    await stage.apply({ protocol: 'tcp', pods: ['near', 'far'], internalTrafficPolicy: 'Local' });
    expect(await stage.clean()).toMatchObject({ stale: { forbidden: 1 }, deleted: 1 });
    expect(await answers([ask, ask])).toEqual(['reset', expect.stringMatching(/^near/)]);
  });

  it('of clients that are spread go when affinity is switched on, and each stays with one endpoint', async () => {
    await using stage = await makeStage(family);
    await stage.serve('udp', 'near');
    await stage.serve('udp', 'far');
    const pods = ['near', 'far'] as const;
    await stage.apply({ pods });
    const asks: Ask[] = [];
    for (let index = 0; index < 8; index += 1) {
      asks.push(await stage.client('udp', stage.addresses.clusterIP, 80));
    }
    await answers(asks);
    await stage.apply({ pods, affinitySeconds: 10_800 });
    expect(await stage.clean()).toMatchObject({ stale: { affinity: 8 }, deleted: 8 });
    expect(new Set(await answers(asks)).size).toBe(1);
  });
});

describe('deleting', () => {
  it('a thousand entries to one endpoint takes one deletion, and none where they are gone', async () => {
    await using namespace = await makeNamespace();
    const lines = Array.from({ length: 1_000 }, (_, index) => {
      const client = `10.1.${index >> 8}.${index & 255}`;
      return (
        `-A -t 300 -u UNSET -s ${client} -d 10.96.0.10 -r 10.244.0.5 -q ${client} ` +
        '-p udp --sport 1024 --dport 53 --reply-port-src 53 --reply-port-dst 1024\n'
      );
    });
    // The tool reads a pipe, but not the socket that a child of this process has for its standard input.
    await feed(namespace, lines.join(''), 'sh', '-c', 'cat | conntrack --load-file -');
    const { via } = namespace;
    let seen = 0;
    const listed = await listEntries({ family: 'ipv4', protocol: 'udp', via }, () => (seen += 1));
    expect(listed).toEqual({ entries: 1_000, malformed: 0 });
    expect(seen).toBe(1_000);
    const deletion = [
      '-D',
      '-f',
      'ipv4',
      '-p',
      'udp',
      '--orig-dst',
      '10.96.0.10',
      '--reply-src',
      '10.244.0.5',
    ];
    let deleted = 0;
    await carryOut([deletion, deletion], via, () => (deleted += 1));
    await carryOut([deletion], via, () => (deleted += 1));
    expect(deleted).toBe(1_000);
  });
});
