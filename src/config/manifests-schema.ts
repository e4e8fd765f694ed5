import { z } from './recorded.ts'

// A day more than a month: what is to outlast that is no outage.
const longestSeconds = 2_678_400

/** Which manifests are kept near the clients, and for how long tags are taken at their word. */
export const manifests = z
  .strictObject({
    memoryBytes: z
      .int()
      .min(1_048_576)
      .max(17_179_869_184)
      .default(67_108_864)
      .describe('What manifests may take of memory; those asked for longest ago leave first'),
    tagSeconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(0)
      .describe('How long a tag need not be asked for again; 0: it is asked for every time'),
    staleSeconds: z
      .number()
      .min(0)
      .max(longestSeconds)
      .default(86_400)
      .describe('How long a tag still serves while its upstream is down; 0: not at all'),
    mirrors: z
      .boolean()
      .default(false)
      .describe('Whether sync writes manifests into the mirrors, and serve reads them there'),
  })
  .optional()
  .describe('Keeps manifests near the clients; default: every manifest is its upstream’s')
