/**
 * The tags under which things are attached to a manifest: what refers to it where there is no
 * referrers API (OCI distribution-spec, "Referrers Tag Schema"), and cosign's signatures,
 * attestations and SBOMs.
 */
export function attachedTags(digest: string): readonly string[] {
  const [algorithm = '', encoded = ''] = digest.split(':')
  const tag = `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`.replaceAll(
    /[^A-Za-z0-9._-]/g,
    '-',
  )
  return [tag, `${tag}.sig`, `${tag}.att`, `${tag}.sbom`]
}
