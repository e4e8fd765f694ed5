/** The media types of the two families of manifests, and of what they point to. */
export const mediaTypes = {
  oci: {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
    foreignLayer: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  },
  docker: {
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    foreignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  },
} as const

/** OCI's, or Docker's schema 2. */
export type ManifestForm = keyof typeof mediaTypes
