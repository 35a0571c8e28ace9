/** What a finding is about; programs tell them apart by these. */
export const FINDING_CODES = [
  'noSuchService',
  'headless',
  'externalName',
  'otherProxy',
  'wrongFamily',
  'addressPending',
  'noSlices',
  'noEndpoints',
  'notReady',
  'portNameMismatch',
  'protocolMismatch',
  'targetPortMissing',
  'noLocalEndpoint',
  'sourceRange',
  'unknownAddress',
  'podAddress',
  'otherNode',
  'noSuchPort',
  'otherProtocol',
  'servicePortAtNode',
  'nodePortAtService',
  'nodePortAddresses',
  'loopback',
  'ipModeProxy',
  'foreignRule',
  'policy',
  'localnetGuard',
  'proxyNotRunning',
  'rulesMissing',
  'rulesStale',
  'staleEndpoint',
  'notModelled',
  'backendMix',
  'portTaken',
  'severalOwners',
  'masqueraded',
  'sourceKept',
  'hairpin',
  'affinity',
  'topologyHints',
  'terminating',
  'rangesSpareNodePort',
  'localPolicySparesNode',
  'healthCheck',
  'guessed',
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

/** Something that a person should know of a packet's way. */
export interface Finding {
  /** A cause keeps the packet from an endpoint; a note is worth knowing all the same. */
  readonly kind: 'cause' | 'note';
  readonly code: FindingCode;
  readonly text: string;
  /** What most likely mends it, or changes it; null where nothing is to be done. */
  readonly remedy: string | null;
}

export function cause(code: FindingCode, text: string, remedy: string | null = null): Finding {
  return { kind: 'cause', code, text, remedy };
}

export function note(code: FindingCode, text: string, remedy: string | null = null): Finding {
  return { kind: 'note', code, text, remedy };
}
