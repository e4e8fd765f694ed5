import type { output } from 'zod'
import { isPrivateHost } from '../core/private-host.ts'
import { clientAddress, optOut, relay } from './client-schema.ts'
import { health } from './health-schema.ts'
import { manifests } from './manifests-schema.ts'
import { mirror } from './mirror-schema.ts'
import { ranges } from './ranges-schema.ts'
import { z } from './recorded.ts'
import { prune, seconds, sync } from './sync-schema.ts'
import { upstream } from './upstream-schema.ts'
import { mirrorId, origin } from './values-schema.ts'

/** More than any one machine that only answers redirects has a use for. */
export const mostProcesses = 64

const port = z.int().min(0).max(65_535)

/** The configuration as its file has it. One schema for every place it is read. */
export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  upstreams: z.array(upstream).min(1),
  mirrors: z.array(mirror).default([]),
  regions: z
    .record(
      z.string().regex(/^(?:aws|gcp|azure)\/[A-Za-z0-9-]+$/, { error: 'wanted <cloud>/<region>' }),
      z.union([z.literal('upstream'), mirrorId]),
    )
    .default({})
    .describe('Where the callers of a region go, above every other rule'),
  elsewhere: z
    .union([z.literal('upstream'), mirrorId])
    .default('upstream')
    .describe('Where callers go that no mirror is near to'),
  clientAddress: clientAddress.default('socket'),
  optOut,
  presence: z
    .enum(['index', 'probe', 'assume'])
    .default('index')
    .describe('How it is known what a mirror holds'),
  probe: z
    .strictObject({
      timeoutMs: z.int().min(1).max(60_000).default(1000),
      presentForSeconds: seconds.default(86_400),
      absentForSeconds: seconds.default(300).describe('Less than the time between two syncs'),
      recheckSeconds: seconds
        .default(10)
        .describe('How often each mirror is asked again for a blob it held'),
      failedForSeconds: seconds.default(10),
      remembered: z.int().min(100).default(200_000),
    })
    .prefault({}),
  health,
  index: z
    .strictObject({
      directory: z
        .string()
        .min(1)
        .optional()
        .describe('A folder that sync publishes to and serve reads from, beside the mirrors'),
      keptIn: z
        .string()
        .min(1)
        .optional()
        .describe('A folder where serve keeps the last good index; default: it is not kept'),
      refreshSeconds: seconds.default(60),
      staleAfterSeconds: seconds
        .default(86_400)
        .describe('Past this age readyz says that it is stale'),
      keepGenerations: z.int().min(1).default(10),
    })
    .prefault({}),
  ranges,
  relay,
  manifests,
  sync,
  prune,
  prices: z
    .looseObject({})
    .optional()
    .describe('Prices of your own, above the list prices, in the form of data/prices.json'),
  accounting: z
    .strictObject({
      upstreamBytesAMonth: z
        .number()
        .min(0)
        .max(1e18)
        .optional()
        .describe('What the upstreams send in a month, for the tier; default: the cheapest tier'),
    })
    .prefault({})
    .describe('How bytes are turned into money'),
  publicUrl: origin
    .refine((text) => text.startsWith('https:') || isPrivateHost(new URL(text).hostname), {
      error: 'wanted https, or a host in a private network, as passwords go there',
    })
    .optional()
    .describe('Where clients find nearport, for clientCredentials; default: the Host they ask by'),
  host: z.string().min(1).optional().describe('Address of the clients’ port; default: every one'),
  port: port.default(8080),
  tls: z
    .strictObject({
      cert: z.string().min(1).describe('The file of the certificate and its chain, PEM'),
      key: z.string().min(1).describe('The file of its key, PEM'),
    })
    .optional()
    .describe('TLS on the clients’ port (Node); files that change are read anew'),
  processes: z
    .int()
    .min(1)
    .max(mostProcesses)
    .default(1)
    .describe('How many processes answer clients (Node): one for each core that it may use'),
  adminHost: z.string().min(1).default('127.0.0.1'),
  adminPort: port.default(9090),
  drainSeconds: z
    .number()
    .min(0)
    .max(3600)
    .default(5)
    .describe('How long new requests are still taken at SIGTERM'),
})

export type ConfigFile = output<typeof configSchema>
