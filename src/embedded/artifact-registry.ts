import type { Repository } from './repository.ts'

type ManifestJson = {
  readonly config?: { readonly size?: number }
  readonly layers?: readonly { readonly size?: number }[]
}

/**
 * What Artifact Registry and gcr.io add to tags/list: every manifest of the repository, tagged or
 * not, with sizes and times as strings. The times are constant here; a nested repository's name
 * would be in `child`.
 */
export function artifactRegistryFields(repository: Repository): object {
  const manifest = Object.fromEntries(
    [...repository.manifests].map(([digest, { mediaType, bytes }]) => [
      digest,
      {
        imageSizeBytes: String(imageSize(new TextDecoder().decode(bytes))),
        layerId: '',
        mediaType,
        tag: [...repository.tags].filter(([, target]) => target === digest).map(([tag]) => tag),
        timeCreatedMs: '1767225600000',
        timeUploadedMs: '1767225600000',
      },
    ]),
  )
  return { child: [], manifest }
}

function imageSize(text: string): number {
  const { config, layers = [] } = JSON.parse(text) as ManifestJson
  return [config, ...layers].reduce((sum, descriptor) => sum + (descriptor?.size ?? 0), 0)
}
