import type { Node } from '../model/objects.ts';
import { parseAddress, parseCidr } from '../net/address.ts';
import type { RawNode } from './schemas.ts';

const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** Put on a node that the cluster autoscaler is about to remove. */
const LEAVING_TAINT = 'ToBeDeletedByClusterAutoscaler';

/** Internal addresses come before external ones, as GetNodeHostIPs in pkg/util/node orders them. */
export function toNode(raw: RawNode): Node {
  const listed = raw.status?.addresses ?? [];
  const ofType = (wanted: string) =>
    listed.filter(({ type }) => type === wanted).map(({ address }) => address);
  return {
    name: raw.metadata.name,
    zone: raw.metadata.labels?.[ZONE_LABEL],
    addresses: [...ofType('InternalIP'), ...ofType('ExternalIP')]
      .map(parseAddress)
      .filter((address) => address !== undefined),
    podCIDRs: (raw.spec?.podCIDRs ?? []).map(parseCidr).filter((cidr) => cidr !== undefined),
    leaving:
      (raw.metadata.deletionTimestamp ?? undefined) !== undefined ||
      (raw.spec?.taints ?? []).some(({ key }) => key === LEAVING_TAINT),
  };
}
