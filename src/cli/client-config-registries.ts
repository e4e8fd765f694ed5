import type { PullRoute } from './client-config-address.ts'
import { isOwnName } from './client-config-address.ts'
import type { ClientFile } from './client-config-file.ts'
import { needlessNotes, noFallback, quote } from './client-config-file.ts'

/** What podman, buildah and skopeo read: containers-registries.conf(5), version 2. */
export function podmanFile(route: PullRoute): ClientFile {
  return {
    ...registriesFile(route),
    restart: 'nothing: podman, buildah and skopeo read it each time',
  }
}

/** CRI-O reads the same files, and keeps what it read. */
export function crioFile(route: PullRoute): ClientFile {
  return {
    ...registriesFile(route),
    restart: 'systemctl reload crio (SIGHUP is enough: registries.conf is read anew)',
  }
}

function registriesFile(route: PullRoute): Omit<ClientFile, 'restart'> {
  return {
    // A file of its own: what stands in registries.conf stays, unless it has the same prefix.
    path: `/etc/containers/registries.conf.d/nearport-${route.registry.replace(':', '_')}.conf`,
    content: registriesConf(route),
    fallback: isOwnName(route)
      ? noFallback
      : `${route.registry}, chosen by the manifest: a pull that began through nearport does not change over`,
    notes: [
      'a [[registry]] of the same prefix in a file that is read before is replaced by this one',
      ...needlessNotes(route),
    ],
  }
}

function registriesConf(route: PullRoute): string {
  const insecure = route.scheme === 'http' ? ['insecure = true'] : []
  const location = `location = ${quote(route.nearport)}`
  const lines = isOwnName(route)
    ? ['[[registry]]', location, ...insecure]
    : [
        '[[registry]]',
        `prefix = ${quote(route.registry)}`,
        `location = ${quote(route.registry)}`,
        '',
        '[[registry.mirror]]',
        location,
        ...insecure,
      ]
  return `${lines.join('\n')}\n`
}
