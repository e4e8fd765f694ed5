import type { Client } from './clients/client.ts'
import { createContainerdClient } from './clients/containerd.ts'
import { buildah, podman } from './clients/containers-storage.ts'
import { crane } from './clients/crane.ts'
import { createDockerClient } from './clients/docker.ts'
import { skopeo } from './clients/skopeo.ts'
import type { Parts } from './setup.ts'

/** Every client that can run on this machine. */
export function createClients(parts: Pick<Parts, 'containerd' | 'docker'>): Client[] {
  return everyClient(parts).filter((client) => client.available() === undefined)
}

/** A line for each client that cannot run on this machine. */
export function clientsLeftOut(): string[] {
  return everyClient({ containerd: {}, docker: {} }).flatMap((client) => {
    const reason = client.available()
    return reason === undefined ? [] : [`e2e leaves out ${client.name}: ${reason}`]
  })
}

function everyClient({ containerd, docker }: Pick<Parts, 'containerd' | 'docker'>): Client[] {
  const withDaemons = [createContainerdClient(containerd), createDockerClient(docker)]
  return [skopeo, podman, buildah, ...withDaemons, crane]
}
