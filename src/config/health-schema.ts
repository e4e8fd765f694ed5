import { z } from './recorded.ts'
import { seconds } from './sync-schema.ts'

const milliseconds = z.int().min(1).max(60_000)
const times = z.int().min(1).max(1000)

/** What is not to be above what. */
const bounds = [
  ['slowMs', 'timeoutMs'],
  ['failures', 'window'],
  ['successes', 'window'],
] as const

/** How mirrors are asked whether they serve, and what it may cost where they do not. */
export const health = z
  .strictObject({
    everySeconds: z
      .union([z.literal(0), seconds.min(0.1)])
      .default(10)
      .describe('How often each mirror is asked for a blob by serve; 0: never'),
    timeoutMs: milliseconds.default(5000).describe('How long the first byte may take'),
    slowMs: milliseconds.default(2000).describe('From when on an answer counts as slow'),
    failures: times.default(3).describe('So many failures in a row put a mirror out'),
    successes: times.default(3).describe('So many good answers in a row bring it back'),
    window: times.default(20).describe('How many answers are looked back on for greyShare'),
    greyShare: z
      .number()
      .positive()
      .max(1)
      .default(0.2)
      .describe('The share of a window that puts a mirror out where it failed or was slow'),
    dollarsAnHour: z
      .number()
      .min(0)
      .max(1e6)
      .optional()
      .describe(
        'What it may cost in an hour that mirrors are out; beyond, their clients get 429; ' +
          'default: what it costs',
      ),
  })
  .superRefine((given, context) => {
    for (const [path, most] of bounds) {
      if (given[path] <= given[most]) continue
      const message = `wanted no more than ${most} (${given[most]}), got ${given[path]}`
      context.addIssue({ code: 'custom', message, path: [path] })
    }
  })
  .prefault({})
  .describe('How mirrors that do not serve are found out')
