import { defaultPublicUrl, parseMirrorId } from '../core/mirror.ts'

/** What a file says of where a mirror is. */
export type MirrorAddress = {
  readonly id: string
  readonly bucket: string
  readonly endpoint?: string | undefined
  readonly forcePathStyle: boolean
  readonly publicUrl?: string | undefined
}

/**
 * Where clients read a mirror: what it says, else its bucket at its endpoint, else its cloud's own
 * rule. Undefined where none of these is there.
 */
export function publicUrlOf(address: MirrorAddress): string | undefined {
  const { cloud, region } = parseMirrorId(address.id)!
  return (
    address.publicUrl ?? endpointUrl(address) ?? defaultPublicUrl(cloud, region, address.bucket)
  )
}

function endpointUrl({ endpoint, bucket, forcePathStyle }: MirrorAddress): string | undefined {
  if (endpoint === undefined) return undefined
  return forcePathStyle ? `${endpoint}/${bucket}` : endpoint.replace('://', `://${bucket}.`)
}
