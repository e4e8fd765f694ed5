import type { PullRoute } from './client-config-address.ts'
import { isOwnName, nearportUrl } from './client-config-address.ts'
import type { ClientFile } from './client-config-file.ts'
import { needlessNotes, noFallback, quote } from './client-config-file.ts'

/** Bottlerocket's settings, as user data has them and as `apiclient apply` takes them. */
export function bottlerocketFile(route: PullRoute): ClientFile {
  return {
    path: 'the user data of the instance; on a node that runs: apiclient apply <FILE',
    content: bottlerocketToml(route),
    restart: 'nothing: Bottlerocket restarts what a setting changes',
    fallback: isOwnName(route)
      ? noFallback
      : `${route.registry}, which the container runtime always tries last`,
    notes: [
      'a node has one list of mirrors: those that it has already belong into the same file',
      'variants that run Docker (aws-ecs-1, aws-ecs-2) have mirrors of docker.io alone',
      ...needlessNotes(route),
    ],
  }
}

/** The key is `endpoint`, a list, whatever the sentence above its example says. */
export function bottlerocketToml(route: PullRoute): string {
  return [
    '[[settings.container-registry.mirrors]]',
    `registry = ${quote(route.registry)}`,
    `endpoint = [${quote(nearportUrl(route))}]`,
    '',
  ].join('\n')
}
