import { z } from './recorded.ts'
import { parseMirrorId } from '../core/mirror.ts'
import { repositoryGrammar } from '../core/request.ts'

/** An http or https address, without a slash at its end. */
export const baseUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.search + url.hash + url.username
  ) {
    context.addIssue('wanted an http or https address with no user and no query')
    return z.NEVER
  }
  return url.href.replace(/\/+$/, '')
})

/** Scheme and host alone. */
export const origin = baseUrl.refine((text) => new URL(text).pathname === '/', {
  error: 'wanted scheme and host alone: what comes after them belongs in namespace',
})

/** A repository’s name or its first segments, or nothing. */
export const repository = z.string().refine((text) => text === '' || repositoryGrammar.test(text), {
  error: 'wanted a repository name (or its first segments), or nothing',
})

/** A day in ISO 8601. */
export const since = z.iso
  .date({ error: 'wanted a day, as in 2026-11-26' })
  .optional()
  .describe('The day since which clients may be sent there, for `nearport hosts`')

/** A mirror’s id. */
export const mirrorId = z.string().refine((text) => parseMirrorId(text) !== undefined, {
  error: 'wanted <cloud>/<region>, as in aws/eu-west-1',
})
