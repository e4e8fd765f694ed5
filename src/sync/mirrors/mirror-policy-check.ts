import type { ConfiguredMirror } from '../../config.ts'
import type { PolicyDocument, Statement } from './bucket-setup-policy.ts'
import {
  bucketArn,
  isForEveryone,
  listOf,
  publicPrefixes,
  wantsTlsOnly,
} from './bucket-setup-policy.ts'

/** What a policy lacks, gives too much of, or refuses, each in words. */
export type PolicyFaults = {
  /** Prefixes of keys that nobody but us may read. */
  readonly unread: readonly string[]
  /** What anyone may do beside reading those, as in `s3:ListBucket on arn:…`. */
  readonly tooMuch: readonly string[]
  /** Whether plain requests should be refused and are not. */
  readonly lacksTlsOnly: boolean
  /** Whether plain requests are refused although they are all that comes. */
  readonly refusesPlain: boolean
}

/** Judges a bucket's policy by what the mirror needs. */
export function judgePolicy(
  mirror: ConfiguredMirror,
  policy: PolicyDocument | undefined,
  isIndexThere: boolean,
): PolicyFaults {
  const statements = (policy?.Statement ?? []).filter(isForEveryone)
  // What holds under a condition is for some, and not for everyone.
  const allowing = statements.filter(
    ({ Effect, Condition }) => Effect === 'Allow' && Condition === undefined,
  )
  const refusing = statements.filter(
    ({ Effect, Condition }) => Effect === 'Deny' && Condition === undefined,
  )
  const arn = bucketArn(mirror)
  const objects = publicPrefixes(mirror, true).map((prefix) => `${arn}/${prefix}`)
  const isTlsOnly = statements.some(refusesWithoutTls)
  return {
    unread: publicPrefixes(mirror, isIndexThere).filter((prefix) => {
      const object = `${arn}/${prefix}x`
      return !reads(allowing, object) || reads(refusing, object)
    }),
    tooMuch: allowing.flatMap((each) => excess(each, objects)),
    lacksTlsOnly: wantsTlsOnly(mirror) && !isTlsOnly,
    refusesPlain: !wantsTlsOnly(mirror) && isTlsOnly,
  }
}

const readAction = 's3:GetObject'

function reads(statements: readonly Statement[], object: string): boolean {
  return statements.some(
    (each) =>
      covers(listOf(each['Action']), readAction) && covers(listOf(each['Resource']), object),
  )
}

function excess(statement: Statement, objects: readonly string[]): readonly string[] {
  const resources = listOf(statement['Resource'])
  const actions = listOf(statement['Action'])
  const beyond = resources.filter((each) => !objects.some((object) => each.startsWith(object)))
  return [
    ...actions
      .filter((each) => each.toLowerCase() !== readAction.toLowerCase())
      .map((action) => `${action} on ${resources.join(', ')}`),
    ...(covers(actions, readAction) ? beyond.map((each) => `${readAction} on ${each}`) : []),
    ...(['NotAction', 'NotResource'] as const)
      .filter((name) => statement[name] !== undefined)
      .map((name) => `all but a ${name}`),
  ]
}

function refusesWithoutTls({ Effect, Condition }: Statement): boolean {
  const { Bool } = (Condition ?? {}) as { readonly Bool?: Readonly<Record<string, unknown>> }
  const values = Object.entries(Bool ?? {})
    .filter(([name]) => name.toLowerCase() === 'aws:securetransport')
    .flatMap(([, value]) => listOf(value))
  return Effect === 'Deny' && values.includes('false')
}

function covers(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => {
    const source = pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    return new RegExp(`^${source}$`, 'is').test(text)
  })
}
