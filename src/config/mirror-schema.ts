import { z } from './recorded.ts'
import { parseKeyTemplate } from '../core/key-template.ts'
import { parseMirrorId } from '../core/mirror.ts'
import type { MirrorAddress } from './public-url.ts'
import { publicUrlOf } from './public-url.ts'
import { environmentPrefix, holds } from './sync-schema.ts'
import { baseUrl, mirrorId, since } from './values-schema.ts'

/** A bucket that holds blobs, and how it is read and written. */
export const mirror = z
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

function publicUrlProblem(address: MirrorAddress): string | undefined {
  // What is wrong with the id is said of the id.
  if (parseMirrorId(address.id) === undefined) return undefined
  const publicUrl = publicUrlOf(address)
  if (publicUrl === undefined) return `wanted the address clients read ${address.id} from, got none`
  if (URL.canParse(publicUrl)) return undefined
  return `wanted an address, got ${publicUrl}: an IP address as endpoint needs forcePathStyle`
}
