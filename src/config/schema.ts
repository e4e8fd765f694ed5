import * as z from 'zod'
import type { MirrorAddress } from './public-url.ts'
import { publicUrlOf } from './public-url.ts'
import { clientAddress, optOut, relay } from './client-schema.ts'
import { health } from './health-schema.ts'
import { manifests } from './manifests-schema.ts'
import { ranges } from './ranges-schema.ts'
import { parseKeyTemplate } from '../core/key-template.ts'
import { parseMirrorId } from '../core/mirror.ts'
import { isPrivateHost } from '../core/private-host.ts'
import { profileNames, profileOf } from '../core/profiles.ts'
import { environmentPrefix, holds, prune, seconds, sync, upstreamLimits } from './sync-schema.ts'
import { repositoryGrammar } from '../core/request.ts'

const baseUrl = z.string().transform((text, context) => {
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

const origin = baseUrl.refine((text) => new URL(text).pathname === '/', {
  error: 'wanted scheme and host alone: what comes after them belongs in namespace',
})

const repository = z.string().refine((text) => text === '' || repositoryGrammar.test(text), {
  error: 'wanted a repository name (or its first segments), or nothing',
})

const registryName = z
  .string()
  .transform((name) => name.toLowerCase())
  .refine((name) => /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/.test(name), {
    error: 'wanted the name of a registry, with a port or without, as in docker.io',
  })

const cloudName = z.enum(['aws', 'gcp', 'azure'])
const regionName = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, { error: 'wanted the name of a region of its cloud' })

const upstreamAddress = z.strictObject({
  registry: origin.describe('Scheme and host'),
  cloud: cloudName.optional().describe('Where it lives'),
  region: regionName.optional().describe('The region it lives in: clients go to the nearest'),
})

const since = z.iso
  .date({ error: 'wanted a day, as in 2026-11-26' })
  .optional()
  .describe('The day since which clients may be sent there, for `nearport hosts`')

const mirrorId = z.string().refine((text) => parseMirrorId(text) !== undefined, {
  error: 'wanted <cloud>/<region>, as in aws/eu-west-1',
})

const upstream = z
  .strictObject({
    repositories: repository
      .default('')
      .describe('Prefix of the repository names it answers for; the longest wins; empty is all'),
    dropPrefix: z
      .boolean()
      .optional()
      .describe('Whether the prefix stands before its names only here; default: where hosts are'),
    hosts: z
      .array(registryName)
      .default([])
      .describe(
        'Names that clients ask it by, in Host or containerd’s ns, with its names then unprefixed',
      ),
    profile: z
      .enum(profileNames)
      .optional()
      .describe('A registry that is known by name; keys beside it win'),
    registry: origin
      .optional()
      .describe('Scheme and host of the registry; default: the profile’s, where it has one'),
    namespace: repository.default('').describe('Put before the repository name upstream'),
    addresses: z
      .array(upstreamAddress)
      .default([])
      .describe('Where else the same is served: the nearest to the client that is up is asked'),
    signatures: origin
      .optional()
      .describe('The one address that has all signatures and referrers; default: every one has'),
    cloud: cloudName
      .optional()
      .describe('Where it lives: callers in that cloud stay there; default: the profile’s'),
    region: regionName
      .optional()
      .describe('The region it lives in, for what its bytes cost; default: not known'),
    mode: z
      .enum(['redirect', 'relay'])
      .optional()
      .describe(
        'redirect: clients are sent to the upstream, which must not want tokens; ' +
          'relay: nearport asks in their place; default: the profile’s, else redirect',
      ),
    credentials: environmentPrefix
      .optional()
      .describe(
        'HUB reads HUB_USERNAME and HUB_PASSWORD; default: docker’s config.json for sync, nobody’s for serve',
      ),
    clientCredentials: z
      .boolean()
      .default(false)
      .describe('Whether clients are asked who they are, and what they say goes to the upstream'),
    limits: upstreamLimits,
    since,
  })
  .superRefine(({ registry, profile }, context) => {
    if (registry !== undefined || profileOf(profile).registry !== undefined) return
    const message = 'wanted the address of a registry, or a profile that has one'
    context.addIssue({ code: 'custom', message, path: ['registry'] })
  })

const mirror = z
  .strictObject({
    id: mirrorId.describe('<cloud>/<region>, and /<suffix> where there are two in one region'),
    bucket: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/, { error: 'wanted the name of a bucket' })
      .describe('The bucket that holds the blobs'),
    endpoint: baseUrl
      .optional()
      .describe('The S3 endpoint; default: AWS’s or Google’s own; other clouds need one'),
    forcePathStyle: z.boolean().default(false).describe('Address the bucket in the path'),
    signingRegion: z.string().optional().describe('Region in the S3 signature; default: the id’s'),
    credentials: environmentPrefix
      .optional()
      .describe(
        'R2 reads R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY; default: what the AWS SDK finds',
      ),
    publicUrl: baseUrl.optional().describe('Where clients read the bucket; default: by cloud'),
    private: z
      .boolean()
      .default(false)
      .describe('Whether not anyone may read the bucket: clients get signed addresses'),
    urlSeconds: z
      .int()
      .min(1)
      .max(604_800)
      .default(900)
      .describe('How long a signed address holds'),
    keyTemplate: z
      .string()
      .superRefine((text, context) => {
        const template = parseKeyTemplate(text)
        if (typeof template === 'string') context.addIssue(template)
      })
      .optional()
      .describe(
        'Where a blob is: {algorithm}, {hex}, {hex:2}; default containers/images/{algorithm}:{hex}',
      ),
    holds,
    since,
  })
  .superRefine((address, context) => {
    const problem = publicUrlProblem(address)
    if (problem !== undefined) {
      context.addIssue({ code: 'custom', message: problem, path: ['publicUrl'] })
    }
  })

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
  adminHost: z.string().min(1).default('127.0.0.1'),
  adminPort: port.default(9090),
  drainSeconds: z
    .number()
    .min(0)
    .max(3600)
    .default(5)
    .describe('How long new requests are still taken at SIGTERM'),
})

export type ConfigFile = z.output<typeof configSchema>

function publicUrlProblem(address: MirrorAddress): string | undefined {
  // What is wrong with the id is said of the id.
  if (parseMirrorId(address.id) === undefined) return undefined
  const publicUrl = publicUrlOf(address)
  if (publicUrl === undefined) return `wanted the address clients read ${address.id} from, got none`
  if (URL.canParse(publicUrl)) return undefined
  return `wanted an address, got ${publicUrl}: an IP address as endpoint needs forcePathStyle`
}
