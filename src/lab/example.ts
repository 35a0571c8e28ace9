import { fileURLToPath } from 'node:url';

/** What is played where nothing else is named. */
export interface Example {
  readonly filename: string;
  /** The node of it whose rules are played. */
  readonly hostnameOverride: string;
}

/** The NodePort example, from beside the sources or beside the bundle that we run from. */
export function webapp1Example(): Example {
  const root = import.meta.url.endsWith('.ts') ? '../../' : '../';
  const url = new URL(`${root}manifests/examples/webapp1-nodeport.yaml`, import.meta.url);
  return { filename: fileURLToPath(url), hostnameOverride: 'node-a' };
}
