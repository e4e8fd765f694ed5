import type { PullRoute } from './client-config-address.ts'
import { dockerHub, isOwnName, nearportUrl } from './client-config-address.ts'
import { hostsToml } from './client-config-containerd.ts'
import type { ClientFile } from './client-config-file.ts'
import { needlessNotes, noFallback } from './client-config-file.ts'

/**
 * Docker Engine's daemon.json, which has mirrors of Docker Hub alone; for another registry the
 * hosts.toml that engines with the containerd image store read.
 */
export function dockerFile(route: PullRoute): ClientFile {
  return route.registry === dockerHub || isOwnName(route) ? daemonFile(route) : hostsFile(route)
}

function daemonFile(route: PullRoute): ClientFile {
  const settings = {
    ...(isOwnName(route) ? {} : { 'registry-mirrors': [nearportUrl(route)] }),
    ...(route.scheme === 'http' ? { 'insecure-registries': [route.nearport] } : {}),
  }
  return {
    path: '/etc/docker/daemon.json',
    content: `${JSON.stringify(settings, undefined, 2)}\n`,
    restart: 'systemctl reload docker (both keys are read anew, and containers go on)',
    fallback: isOwnName(route) ? noFallback : dockerHub,
    notes: [
      'where there is a daemon.json already, put these keys into it: a node has one',
      'registry-mirrors is for images of docker.io alone',
      ...needlessNotes(route),
    ],
  }
}

function hostsFile(route: PullRoute): ClientFile {
  return {
    path: `/etc/docker/certs.d/${route.registry}/hosts.toml`,
    content: hostsToml(route),
    restart: 'nothing',
    fallback: `${route.registry}, request by request`,
    notes: [
      'engines with the containerd image store read it (docker info: driver-type io.containerd.snapshotter.v1);' +
        ' the others have mirrors of docker.io alone, and pull by the name of nearport itself',
    ],
  }
}
