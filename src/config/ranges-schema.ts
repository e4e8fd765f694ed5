import { z } from './recorded.ts'
import { seconds } from './sync-schema.ts'

const documentUrl = z
  .string()
  .refine(
    (text) => {
      const url = URL.canParse(text) ? new URL(text) : undefined
      return url !== undefined && /^https?:$/.test(url.protocol) && url.username === ''
    },
    { error: 'wanted an http or https address with no user, or null' },
  )
  .nullable()

const share = z.number().min(0).max(1)

/** Where newer address ranges come from, and how much an update may change. */
export const ranges = z
  .strictObject({
    refreshSeconds: z
      .union([z.literal(0), seconds.min(60)])
      .default(86_400)
      .describe('How often serve asks the sources for newer documents; 0: never'),
    sources: z
      .strictObject({
        aws: documentUrl.default('https://ip-ranges.amazonaws.com/ip-ranges.json'),
        gcp: documentUrl.default('https://www.gstatic.com/ipranges/cloud.json'),
        azure: documentUrl
          .default(null)
          .describe('ServiceTags_Public.json, whose address at Azure changes with each edition'),
      })
      .prefault({})
      .describe('Where each cloud’s document is, at its vendor’s or elsewhere; null: nowhere'),
    directory: z
      .string()
      .min(1)
      .optional()
      .describe('A folder where the last good table is kept; default: it is not'),
    mostShrunk: share
      .default(0.2)
      .describe('An update is refused that takes more of a cloud’s addresses away'),
    mostMoved: share
      .default(0.05)
      .describe('An update is refused that moves more of a cloud’s addresses to other regions'),
    mostGrown: z
      .number()
      .min(0)
      .max(100)
      .default(0.5)
      .describe('An update is refused that gives a cloud more new addresses, by those it has'),
    mostOfRegion: share
      .default(0.5)
      .describe('An update is refused that takes more of a region’s addresses out of it'),
  })
  .prefault({})
  .describe('The clouds’ published address ranges, and how they are kept fresh')
