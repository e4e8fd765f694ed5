import { createHash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'

/** Stores other than AWS may want Content-MD5 with a setting, and know no other checksum there. */
export function sumWithMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { headers, body } = args.request as {
        readonly headers: Record<string, string>
        readonly body?: unknown
      }
      if (typeof body === 'string' || body instanceof Uint8Array) {
        for (const name of Object.keys(headers)) {
          if (/^x-amz-(?:sdk-)?checksum-/i.test(name)) delete headers[name]
        }
        headers['content-md5'] = createHash('md5').update(body).digest('base64')
      }
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'nearportMd5' },
  )
}
