import { z } from './recorded.ts'
import { parseRange } from '../core/address-ranges.ts'

/** Where a client's address is read. */
export const clientAddress = z
  .union([
    z.literal('socket'),
    z.strictObject({
      header: z
        .string()
        .regex(/^[A-Za-z0-9-]+$/)
        .transform((name) => name.toLowerCase()),
      fromRight: z.int().min(1).default(1).describe('1 is the last value of a list'),
    }),
  ])
  .describe('The one source of a client’s address')

/** What upstreams are asked in the place of clients. */
export const relay = z
  .strictObject({
    inlineBytes: z
      .int()
      .min(0)
      .default(67_108_864)
      .describe('The largest blob that is passed on where the upstream sends it itself'),
    atOnce: z
      .int()
      .min(1)
      .max(100_000)
      .default(512)
      .describe('Manifests and blobs under way at once; who comes beyond may come again'),
    timeoutMs: z
      .int()
      .min(1)
      .max(600_000)
      .default(10_000)
      .describe('How long an upstream has to answer, and to send its next byte'),
    realms: z
      .array(
        z.string().regex(/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/, {
          error: 'wanted a host, with a port or without',
        }),
      )
      .default([])
      .describe('Hosts in private networks that an upstream’s tokens may come from'),
  })
  .prefault({})
  .describe('How upstreams are asked in the place of clients')

/** Who must not be sent to a mirror. */
export const optOut = z
  .strictObject({
    hosts: z
      .array(
        z
          .string()
          .regex(/^[A-Za-z0-9.-]+$/, { error: 'wanted a name without a port' })
          .transform((name) => name.toLowerCase()),
      )
      .default([])
      .describe('Names that clients ask by who must not be sent to a mirror'),
    addresses: z
      .array(
        z.string().superRefine((text, context) => {
          const range = parseRange(text)
          if (typeof range === 'string') context.addIssue(range)
        }),
      )
      .default([])
      .describe('Ranges of such clients’ addresses, as in 203.0.113.0/24'),
    header: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/, { error: 'wanted the name of a header' })
      .optional()
      .describe('A header that says so by being there'),
  })
  .prefault({})
  .describe('Clients in networks that refuse foreign buckets: they get the upstream')
