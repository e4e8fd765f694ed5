import type { Ask } from './ask.ts'

/** A running registry, or nearport before one, that holds what content.ts says. */
export type Subject = {
  readonly ask: Ask
  /** How it answers for what it does not hold itself: it is the registry, or nearport in a mode. */
  readonly kind: 'registry' | 'redirect' | 'relay'
  /** Whether it lets clients push: then nobody asks it to refuse. */
  readonly takesPushes: boolean
  /** The folder of the repositories whose lists are read; nearport gives it another name. */
  readonly lists: string
}

/** What was not as the clause has it, in words; undefined: it all was. */
export type Problem = string | undefined

/**
 * The key words of RFC 2119, as the text has them. `clients`: no text says so, but clients or the
 * operator depend on it.
 */
export type Level = 'MUST' | 'SHOULD' | 'MAY' | 'clients'

/** One thing that a text asks of a registry which is pulled from, and the check that shows it. */
export type Clause = {
  /** Kebab case, and never given to another. */
  readonly id: string
  /** The heading it stands under in distribution-spec 1.1, or the other text and its section. */
  readonly source: string
  readonly level: Level
  /** What is asked, in our own words. */
  readonly asks: string
  /** The requests of the check. */
  readonly how: string
  /**
   * Whose answer it is when nearport is asked: its own; the upstream's; or the holder's, which is
   * whoever the client gets the blob from.
   */
  readonly decides: 'nearport' | 'upstream' | 'holder'
  /** Whom it is asked of; everyone unless told otherwise. */
  readonly appliesTo?: (subject: Subject) => boolean
  readonly check: (subject: Subject) => Promise<Problem>
}

/** Clauses that are shown in one table. */
export type Section = { readonly title: string; readonly clauses: readonly Clause[] }

/** What came of one check. */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail'; readonly got: string }
  /** It is not asked of this subject. */
  | { readonly kind: 'n/a' }

/** Runs one check. Never rejects: an answer that cannot be had is a failure too. */
export async function judge(clause: Clause, subject: Subject): Promise<Verdict> {
  if (clause.appliesTo?.(subject) === false) return { kind: 'n/a' }
  try {
    const problem = await clause.check(subject)
    return problem === undefined ? { kind: 'pass' } : { kind: 'fail', got: problem }
  } catch (error) {
    return { kind: 'fail', got: error instanceof Error ? error.message : String(error) }
  }
}
