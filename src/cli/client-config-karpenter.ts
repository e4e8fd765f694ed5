import type { PullRoute } from './client-config-address.ts'
import { bottlerocketFile } from './client-config-bottlerocket.ts'
import { containerdFile } from './client-config-containerd.ts'
import type { ClientFile } from './client-config-file.ts'
import { quote } from './client-config-file.ts'
import { UsageError } from './command.ts'

/** The families of images that this knows to write user data for, as Karpenter calls them. */
export const amiFamilies = ['AL2023', 'Bottlerocket'] as const
export type AmiFamily = (typeof amiFamilies)[number]

/** Reads `--ami-family`, in whatever case. Throws UsageError. */
export function parseAmiFamily(text: string | undefined): AmiFamily {
  if (text === undefined) return 'AL2023'
  const family = amiFamilies.find((each) => each.toLowerCase() === text.toLowerCase())
  if (family !== undefined) return family
  throw new UsageError(`--ami-family wants one of ${amiFamilies.join(', ')}, and got ${text}`)
}

/** A patch of an EC2NodeClass (karpenter.k8s.aws/v1): Karpenter merges its userData with its own. */
export function karpenterFile(route: PullRoute, family: AmiFamily): ClientFile {
  const file = family === 'Bottlerocket' ? bottlerocketFile(route) : containerdFile(route)
  const userData = family === 'Bottlerocket' ? file.content : writingUserData(file)
  return {
    path: 'an EC2NodeClass: kubectl patch ec2nodeclass NAME --type merge --patch-file FILE',
    content: `spec:\n  userData: |\n${indent(userData)}`,
    restart: 'nothing: nodes that are there have drifted by it, and Karpenter replaces them',
    fallback: file.fallback,
    notes: [
      'it takes the place of the userData that the class has: where there is some, put both together by hand',
      `it is for nodes of amiFamily ${family}: --ami-family has ${otherFamilies(family)} too`,
    ],
  }
}

function otherFamilies(family: AmiFamily): string {
  return amiFamilies.filter((each) => each !== family).join(', ')
}

const boundary = 'nearport'

/**
 * A script that writes the file, as the MIME archive that AL2023 takes: a bare script is one only
 * as long as it cannot be read as YAML. It runs before nodeadm starts containerd, whose config_path
 * already has this folder.
 */
function writingUserData({ path, content }: Pick<ClientFile, 'path' | 'content'>): string {
  const folder = path.slice(0, path.lastIndexOf('/'))
  return [
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary=${quote(boundary)}`,
    '',
    `--${boundary}`,
    'Content-Type: text/x-shellscript; charset="us-ascii"',
    '',
    '#!/bin/sh',
    'set -eu',
    `mkdir -p ${quote(folder)}`,
    // In quotes, so that the shell changes nothing in it.
    `cat >${quote(path)} <<'END'`,
    `${content}END`,
    '',
    `--${boundary}--`,
    '',
  ].join('\n')
}

/** As a block of YAML: an empty line stays empty. */
function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ')
}
