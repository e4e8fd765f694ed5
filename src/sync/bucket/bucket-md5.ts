import { createHash } from 'node:crypto'

/** Where contentMd5 belongs: after the SDK has made the body, before it signs the headers. */
export const md5Step = { step: 'build', priority: 'low', name: 'contentMd5' } as const

/**
 * Sends the MD5 of a small body, which OpenStack Swift wants of a DeleteObjects: the SDK has gone
 * over to newer checksums, which AWS wants.
 */
export function contentMd5() {
  return <Args extends { readonly request: unknown }, Output>(
    next: (args: Args) => Promise<Output>,
  ) =>
    (args: Args): Promise<Output> => {
      const { headers, body } = args.request as {
        readonly headers: Record<string, string>
        readonly body: string | Uint8Array
      }
      headers['content-md5'] = createHash('md5').update(body).digest('base64')
      return next(args)
    }
}
