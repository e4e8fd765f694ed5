import type { PullRoute } from './client-config-address.ts'
import { dockerHub, isOwnName, nearportUrl } from './client-config-address.ts'
import type { ClientFile } from './client-config-file.ts'
import { needlessNotes, noFallback, quote } from './client-config-file.ts'

/** containerd's hosts.toml (docs/hosts.md there); what Kubernetes nodes, nerdctl and `ctr` read. */
export function containerdFile(route: PullRoute): ClientFile {
  return {
    path: `${containerdFolder}/${route.registry}/hosts.toml`,
    content: hostsToml(route),
    restart:
      'nothing, where config.toml has config_path = "/etc/containerd/certs.d" (2.x: under' +
      ' [plugins."io.containerd.cri.v1.images".registry], 1.x: under' +
      ' [plugins."io.containerd.grpc.v1.cri".registry]); else add that and restart containerd',
    fallback: isOwnName(route)
      ? noFallback
      : `${originOf(route)}, request by request; 1.x waits 30 s each time for a host that says nothing`,
    notes: [
      'ctr reads it with --hosts-dir /etc/containerd/certs.d alone; nerdctl and the kubelet by themselves',
      ...needlessNotes(route),
    ],
  }
}

/** The folder that containerd's own documentation names. */
export const containerdFolder = '/etc/containerd/certs.d'

/**
 * The file itself: nearport first, for pulls and for tags, then the registry. Pushes go to the
 * registry alone. A file without a host is refused (containerd#13212, and 1.6), so there is one
 * also where it is the server.
 */
export function hostsToml(route: PullRoute): string {
  return [
    `server = ${quote(isOwnName(route) ? nearportUrl(route) : originOf(route))}`,
    '',
    `[host.${quote(nearportUrl(route))}]`,
    'capabilities = ["pull", "resolve"]',
    // Whoever drops packets would be waited for half a minute, for each blob anew.
    'dial_timeout = "5s"',
    '',
  ].join('\n')
}

/** Docker Hub's name is not the host that it answers on. */
function originOf({ registry }: PullRoute): string {
  return registry === dockerHub ? 'https://registry-1.docker.io' : `https://${registry}`
}
