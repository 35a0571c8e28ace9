import { readFileSync } from 'node:fs';
import type { Container } from '../unit/manifests/deployed.ts';
import { readDockerfile } from '../unit/manifests/dockerfile.ts';

/** Where a test has put what a node and its API would bring. */
export interface Place {
  readonly rootfs: string;
  /** Path of a network namespace, which stands in for the node's. */
  readonly network: string;
  /** Path on this machine of each volume of the pod, by its name. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Mounted read-only at their own places besides the volumes: path in the container to path here. */
  readonly more: Readonly<Record<string, string>>;
}

/**
 * The container as a runtime would start it for the kubelet, in the form of the OCI runtime specification:
 * capabilities, mounts, environment and arguments from the manifests, the rest from the Dockerfile.
 *
 * @param command in place of the image's entrypoint and the manifest's arguments
 */
export function ociConfig(container: Container, place: Place, command?: readonly string[]): object {
  const { env, entrypoint } = readDockerfile();
  const security = container.securityContext ?? {};
  const privileged = security.privileged === true;
  const capabilities = privileged ? allCapabilities() : capabilitiesOf(container);
  const variables = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...env,
    ...Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? 'node-a'])),
  };
  const args = command ?? [...entrypoint, ...(container.args ?? [])];
  return {
    ociVersion: '1.0.0',
    process: {
      user: { uid: security.runAsUser ?? 0, gid: 0 },
      args: args.map((arg) => arg.replace('$(NODE_NAME)', 'node-a')),
      env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: security.allowPrivilegeEscalation === false,
    },
    root: { path: place.rootfs, readonly: security.readOnlyRootFilesystem === true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
      {
        destination: '/sys',
        type: 'sysfs',
        source: 'sysfs',
        options: ['nosuid', 'noexec', 'nodev', privileged ? 'rw' : 'ro'],
      },
      ...(container.volumeMounts ?? []).map(({ name, mountPath, readOnly }) =>
        bind(mountPath, place.volumes[name], readOnly === true),
      ),
      ...Object.entries(place.more).map(([path, source]) => bind(path, source, true)),
    ],
    linux: {
      namespaces: [
        { type: 'mount' },
        { type: 'pid' },
        { type: 'ipc' },
        { type: 'network', path: place.network },
      ],
      // What containerd and CRI-O take from every container that is not privileged.
      ...(privileged ? {} : { readonlyPaths: READ_ONLY_PATHS, maskedPaths: MASKED_PATHS }),
    },
  };
}

function bind(destination: string, source: string | undefined, readOnly: boolean): object {
  if (source === undefined) throw new Error(`no volume for ${destination}`);
  return { destination, type: 'bind', source, options: ['rbind', readOnly ? 'ro' : 'rw'] };
}

function capabilitiesOf({ securityContext }: Container): readonly string[] {
  const { drop = [], add = [] } = securityContext?.capabilities ?? {};
  if (!drop.includes('ALL')) throw new Error('expected a container that drops all capabilities');
  return add.map((name) => `CAP_${name}`);
}

const READ_ONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];
const MASKED_PATHS = ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'];

/** By the number that the kernel has for each. */
const CAPABILITIES = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
  ...[
    'LINUX_IMMUTABLE',
    'NET_BIND_SERVICE',
    'NET_BROADCAST',
    'NET_ADMIN',
    'NET_RAW',
    'IPC_LOCK',
    'IPC_OWNER',
  ],
  ...[
    'SYS_MODULE',
    'SYS_RAWIO',
    'SYS_CHROOT',
    'SYS_PTRACE',
    'SYS_PACCT',
    'SYS_ADMIN',
    'SYS_BOOT',
    'SYS_NICE',
  ],
  ...[
    'SYS_RESOURCE',
    'SYS_TIME',
    'SYS_TTY_CONFIG',
    'MKNOD',
    'LEASE',
    'AUDIT_WRITE',
    'AUDIT_CONTROL',
    'SETFCAP',
  ],
  ...['MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF'],
  'CHECKPOINT_RESTORE',
];

/** Those of this process: a machine may itself be a container that lacks a few. */
function allCapabilities(): readonly string[] {
  const [, held = '0'] = /^CapPrm:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const bits = BigInt(`0x${held}`);
  return CAPABILITIES.filter((_, bit) => ((bits >> BigInt(bit)) & 1n) === 1n).map((name) => `CAP_${name}`);
}
