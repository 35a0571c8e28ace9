export interface KubeconfigOf {
  readonly server: string;
  /** The certificate of its authority, in PEM; the system's without. */
  readonly authority?: string;
  /** Path of the same, as the file is to name it. */
  readonly authorityFile?: string;
  /** How the client says who it is; not at all without. */
  readonly user?: object;
}

/** The text of a kubeconfig with one cluster, one user and one context. */
export function kubeconfigOf({ server, authority, authorityFile, user = {} }: KubeconfigOf): string {
  const cluster = {
    server,
    ...(authority !== undefined && {
      'certificate-authority-data': Buffer.from(authority).toString('base64'),
    }),
    ...(authorityFile !== undefined && { 'certificate-authority': authorityFile }),
  };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}
