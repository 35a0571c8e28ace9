import type { Lab } from './lab.ts';

/** How to enter a lab that is kept, and how to remove it, for people to copy. */
export function visitingHints(lab: Lab, keeper: number): readonly string[] {
  const { node, client, others, pods } = lab.topology;
  const machines = [node, client, ...others, ...pods];
  const width = Math.max(...machines.map(({ namespace }) => namespace.length));
  return [
    'The lab is left standing. Enter',
    ...machines.map(({ namespace }) => `  ${namespace.padEnd(width)}  ${lab.via(namespace).join(' ')} bash`),
    `Remove it: kill ${keeper}`,
  ];
}
