import type { PullRoute } from './client-config-address.ts'
import { isOwnName, nearportUrl } from './client-config-address.ts'
import type { ClientFile } from './client-config-file.ts'
import { needlessNotes, noFallback, quote } from './client-config-file.ts'

/**
 * K3s's registries.yaml, out of which it makes containerd's files. There is nothing to rewrite:
 * repositories have the same names in both registries.
 */
export function k3sFile(route: PullRoute): ClientFile {
  return {
    path: '/etc/rancher/k3s/registries.yaml (RKE2: /etc/rancher/rke2/registries.yaml)',
    content: [
      'mirrors:',
      // Quoted: a colon before a port would be another key.
      `  ${quote(route.registry)}:`,
      '    endpoint:',
      `      - ${quote(nearportUrl(route))}`,
      '',
    ].join('\n'),
    restart: 'systemctl restart k3s, on agents k3s-agent, on every node',
    fallback: isOwnName(route)
      ? noFallback
      : `${route.registry}, unless the node runs with --disable-default-registry-endpoint`,
    notes: [
      'where there is a registries.yaml already, put the entry under its mirrors',
      ...needlessNotes(route),
    ],
  }
}
