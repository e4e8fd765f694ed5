import { isDeepStrictEqual } from 'node:util'
import { digestOf } from '../../src/embedded/repository.ts'
import type { Answer } from './ask.ts'
import type { Problem } from './clause.ts'

/** The first of several problems, if there is one. */
export function firstOf(...problems: readonly Problem[]): Problem {
  return problems.find((problem) => problem !== undefined)
}

/** The first problem with any of these, one checked after the other. */
export async function firstWith<T>(
  items: readonly T[],
  check: (item: T) => Promise<Problem>,
): Promise<Problem> {
  for (const item of items) {
    const problem = await check(item)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** One of these statuses. */
export function wantStatus(answer: Answer, ...wanted: readonly number[]): Problem {
  if (wanted.includes(answer.status)) return undefined
  return `${pathOf(answer)}: wanted ${wanted.join(' or ')}, got ${answer.status}`
}

/** A header with this very value; undefined: without the header. */
export function wantHeader(answer: Answer, name: string, wanted: string | undefined): Problem {
  return wantSame(answer, name, answer.headers.get(name) ?? undefined, wanted)
}

/** These bytes and no others. */
export function wantBytes(answer: Answer, wanted: Uint8Array): Problem {
  if (answer.body.equals(wanted)) return undefined
  const got = `${answer.body.length} bytes, ${digestOf(answer.body)}`
  return `${pathOf(answer)}: wanted ${wanted.length} bytes, ${digestOf(wanted)}, got ${got}`
}

/** A value in an answer, compared in depth. */
export function wantSame(answer: Answer, what: string, got: unknown, wanted: unknown): Problem {
  if (isDeepStrictEqual(got, wanted)) return undefined
  return `${pathOf(answer)}: wanted ${what} ${show(wanted)}, got ${show(got)}`
}

/** Something that has to hold of an answer. */
export function wantThat(answer: Answer, holds: boolean, wanted: string, got: unknown): Problem {
  return holds ? undefined : `${pathOf(answer)}: wanted ${wanted}, got ${show(got)}`
}

/** The body as JSON, or undefined where it is none. */
export function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body.toString())
  } catch {
    return undefined
  }
}

/** The media type of an answer, without parameters and in lower case. */
export function mediaTypeOf(answer: Answer): string {
  return (answer.headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 300)
}

// Without the host: ports differ from run to run.
function pathOf({ url }: Answer): string {
  return url.slice(url.indexOf('/', 'http://'.length)).slice(0, 120)
}
