import { z } from './recorded.ts'
import { repositoryGrammar } from '../core/request.ts'

// A timer of more than 2³¹ ms would go off at once.
export const seconds = z.number().positive().max(1_900_000)

export const environmentPrefix = z.string().regex(/^[A-Z][A-Z0-9_]*$/, {
  error: 'wanted the beginning of an environment name, as in R2',
})

const repositoryPattern = z
  .string()
  .refine((text) => repositoryGrammar.test(text.replaceAll('*', 'a')), {
    error: 'wanted the name of a repository, where * may stand for any text',
  })
  .describe('A repository as clients name it; with * it is matched against the catalog')

const repositories = z.union([
  repositoryPattern.transform((name) => ({ name, tags: ['*'] })),
  z.strictObject({
    name: repositoryPattern,
    tags: z
      .array(z.string().min(1))
      .min(1, { error: 'wanted one tag at least: without the key, all are mirrored' })
      .default(['*'])
      .describe('Tags to mirror; * stands for any text'),
  }),
])

/** What a run of sync takes from an upstream, at most: its share of what the registry has for all. */
export const upstreamLimits = z
  .strictObject({
    requestsPerSecond: z.number().positive().optional().describe('Default: no limit'),
    bytesPerSecond: z.number().min(65_536).optional().describe('Default: no limit'),
    connections: z.int().min(1).max(1024).default(32).describe('Open at once, for each host'),
  })
  .prefault({})
  .describe('What a sync may ask of this upstream')

/** Which blobs a mirror is to hold. */
export const holds = z
  .union([
    z.literal('everything'),
    z.literal('what-pays'),
    z.strictObject({ repositories: z.array(repositoryPattern).min(1) }),
  ])
  .default('everything')
  .describe(
    'Which of the wanted blobs it holds; what-pays: those whose traffic saves more than they cost',
  )

export const sync = z
  .strictObject({
    repositories: z.array(repositories).optional().describe('Default: all of the catalog'),
    referrers: z.boolean().default(true).describe('Follow the referrers of every manifest'),
    referrersEverySeconds: seconds
      .default(86_400)
      .describe('How often the referrers of a manifest that is known are asked for again'),
    concurrency: z.int().min(1).max(256).default(8),
    spread: z
      .enum(['copy', 'tee', 'read'])
      .default('copy')
      .describe(
        'How a blob comes to the other mirrors: one upload for each store and copies inside it; ' +
          'one upload for each mirror while it is read; or one upload, and the others read the nearest mirror',
      ),
    ranges: z
      .strictObject({
        fromBytes: z.int().min(1_048_576).default(268_435_456),
        atOnce: z.int().min(1).max(16).default(4),
      })
      .prefault({})
      .describe('Blobs of so many bytes are read from the upstream in so many ranges at once'),
    runsIn: z
      .string()
      .regex(/^(?:aws|gcp|azure)\/[A-Za-z0-9-]+$/, { error: 'wanted <cloud>/<region>' })
      .optional()
      .describe('Where sync itself runs, for what it costs; default: outside the clouds'),
    traffic: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Files of nearport’s own events, or access logs, that say what was pulled from where',
      ),
  })
  .prefault({})

export const prune = z
  .strictObject({
    graceSeconds: z
      .number()
      .positive()
      .default(604_800)
      .describe('From the day a blob is left out of the index to the day it may be deleted'),
    largestShare: z
      .number()
      .gt(0)
      .max(1)
      .default(0.1)
      .describe('The share of a mirror’s bytes that one run deletes at most, unless it is forced'),
  })
  .prefault({})
