import { z } from './recorded.ts'
import { profileNames, profileOf } from '../core/profiles.ts'
import { environmentPrefix, upstreamLimits } from './sync-schema.ts'
import { origin, repository, since } from './values-schema.ts'

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

/** A registry that owns images, and how it is asked. */
export const upstream = z
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
