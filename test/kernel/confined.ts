import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configured, type Container } from '../unit/manifests/deployed.ts';
import { output, type Namespace } from './namespace.ts';

/** A node on which commands run as the manifests confine a container. */
export interface Confinement extends AsyncDisposable {
  /** In place of the container's own image there is this machine, read-only. */
  readonly as: (container: Container) => Namespace;
}

/** Where a file system is made read-only, and what of it stays writable; then the capabilities are dropped. */
const SCRIPT = `set -e
files=$1; writable=$2; shift 2
mount -t tmpfs tmpfs /var/lib
mkdir -p /var/lib/chainwright
cp "$files"/* /var/lib/chainwright/
for path in $writable; do mount --bind "$path" "$path"; done
mount --bind /proc/sys /proc/sys
while read -r _ path type _; do
  case " $writable " in *" $path "*) continue ;; esac
  case "$type" in proc | devtmpfs | devpts | mqueue | cgroup*) [ "$path" = /proc/sys ] || continue ;; esac
  # Not what lies below another mount.
  mountpoint -q "$path" || continue
  mount -o remount,bind,ro "$path"
done < /proc/self/mounts
exec "$@"`;

/** Gives a namespace the lock of the legacy tables, and its configuration a place. */
export async function confine(node: Namespace): Promise<Confinement> {
  const files = await mkdtemp(join(tmpdir(), 'chainwright-confined-'));
  await writeFile(join(files, 'config.conf'), configured('config.conf'));
  await writeFile(join(files, 'kubeconfig.conf'), configured('kubeconfig.conf'));
  await output(node, 'touch', '/run/xtables.lock');
  return {
    as: (container) => ({
      via: [
        ...node.via,
        ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c', SCRIPT, 'sh'],
        ...[files, writablePaths(container).join(' ')],
        ...['setpriv', ...privileges(container), '--'],
      ],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
    [Symbol.asyncDispose]: () => rm(files, { recursive: true }),
  };
}

function writablePaths({ volumeMounts = [] }: Container): readonly string[] {
  return volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath);
}

/** @throws Error where the manifest asks for what this cannot give, since the test would prove nothing then */
function privileges({ securityContext = {} }: Container): readonly string[] {
  const { capabilities, readOnlyRootFilesystem, allowPrivilegeEscalation, privileged, runAsUser } =
    securityContext;
  if (privileged === true || readOnlyRootFilesystem !== true || capabilities?.drop?.join() !== 'ALL') {
    throw new Error('expected a container with a read-only root and no capability but those that it names');
  }
  const set = ['-all', ...(capabilities.add ?? []).map((name) => `+${name.toLowerCase()}`)].join();
  return [
    ...['--reuid', String(runAsUser ?? 0), '--inh-caps', '-all', '--bounding-set', set],
    ...(allowPrivilegeEscalation === false ? ['--no-new-privs'] : []),
  ];
}
