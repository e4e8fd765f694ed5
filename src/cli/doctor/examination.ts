import type { AnonymousDeps } from '../../sync/publish/anonymous.ts'
import type { Add, Finding } from '../../sync/mirrors/mirror-finding.ts'

/** One thing that was looked at, and what is not as it should be with it. */
export type Examination = {
  /** As in `upstream https://registry.example`. */
  readonly of: string
  /** What was seen, where there is more to say than that nothing is wrong. */
  readonly seen: readonly string[]
  readonly findings: readonly Finding[]
}

/** What examining takes. */
export type DoctorDeps = AnonymousDeps & {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Whether a name has an IPv6 address; rejects where nobody can tell. */
  readonly hasIpv6: (name: string) => Promise<boolean>
}

/** Looks at one thing: what it says and what it finds come together. What it throws is a finding. */
export async function examine(
  of: string,
  look: (add: Add, see: (what: string) => void) => void | Promise<void>,
): Promise<Examination> {
  const findings: Finding[] = []
  const seen: string[] = []
  const add: Add = (kind, what, fix) => void findings.push({ kind, what, fix })
  try {
    await look(add, (what) => void seen.push(what))
  } catch (error) {
    add('wrong', (error as Error).message, 'mend that, and try again')
  }
  return { of, seen, findings }
}
