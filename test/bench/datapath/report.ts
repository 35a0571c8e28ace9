import { FAMILIES } from '../../../src/net/address.ts';
import type { ChartFile } from './charts.ts';
import { packetTables, ratioTables } from './packet-tables.ts';
import type { Results } from './results.ts';
import { syncTables } from './sync-tables.ts';

/** Everything as a markdown text. */
export function report({ machine, options, packets, syncs }: Results, charts: readonly ChartFile[]): string {
  const { processor, processors, kernel, iptables, nft } = machine;
  const parts = [
    `# What a new connection and a sync cost

${processor}, ${processors} processors, Linux ${kernel}, iptables ${iptables}, nft ${nft}. Made by \`make bench\`; times are of
this machine, ratios travel better.`,
  ];
  if (packets.length > 0) {
    parts.push(
      packetIntroduction(options.rounds, options.batch),
      ...FAMILIES.flatMap((family) => ratioTables(packets.filter((contest) => contest.family === family))),
      ...FAMILIES.flatMap((family) => packetTables(packets.filter((contest) => contest.family === family))),
    );
  }
  if (syncs.length > 0) parts.push(SYNC_INTRODUCTION, ...syncs.flatMap(syncTables));
  parts.push(...charts.map(({ file, title }) => `![${title}](${file})`));
  return `${parts.join('\n\n')}\n`;
}

function packetIntroduction(rounds: number, batch: number): string {
  return `## First packets

The time of the system call that sends the first packet of a connection to a closed port, from a pod behind a
veth pair: the packet, its way through the node's rules, the refusal and its way back are all within it, and so
is about a microsecond of the measuring loop. \`none\` has connection tracking and a nat table but no service's
rule; there the packet goes straight to the endpoint. \`native\` are the maps of kube-proxy's nftables mode. All
configurations of one size are loaded at once. ${rounds} rounds of ${batch} packets each: rivals right after each
other, in random order. A figure is the median of the rounds' medians, with the middle half of them beside it.`;
}

const SYNC_INTRODUCTION = `## Syncs

What \`iptables-restore\` takes for one sync, in milliseconds: processor time (its own and the kernel's), and by the
clock. \`kube-proxy\` is the text that kube-proxy would write, without its program: all chains declared first, and
the dispatch chains whole however little has changed. Its first full sync is left out where it takes minutes
(\`--patient\` has it). A figure is a median, with the middle half beside it.`;
