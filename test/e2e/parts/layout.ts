import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Digest } from '../../../src/core/digest.ts'

/** A file of a layer. */
export type LayerFile = { readonly name: string; readonly data: Buffer; readonly mode?: number }

/** An OCI descriptor, as far as these images need one. */
export type Descriptor = {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly platform?: { readonly os: string; readonly architecture: string }
  readonly annotations?: Readonly<Record<string, string>>
}

/** An OCI image layout in the making: the same calls make the same bytes on any day and machine. */
export type Layout = {
  readonly blob: (mediaType: string, bytes: Buffer) => Descriptor
  readonly json: (mediaType: string, value: object) => Descriptor
  /** An image of one platform, with a layer for each list of files. */
  readonly image: (architecture: string, layers: readonly (readonly LayerFile[])[]) => Descriptor
  readonly manifest: (
    config: Descriptor,
    layers: readonly Descriptor[],
    extra?: object,
  ) => Descriptor
  readonly index: (manifests: readonly Descriptor[]) => Descriptor
  /** Names a manifest, for `oci:DIRECTORY:NAME`. */
  readonly name: (descriptor: Descriptor, name: string) => void
  readonly write: (directory: string) => Promise<void>
}

/** Media types of the OCI image specification, and of what travels in its manifests. */
export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
  chart: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
  chartArtifact: 'application/vnd.cncf.helm.chart.v1',
  signature: 'application/vnd.dev.cosign.simplesigning.v1+json',
} as const

/** Starts an empty layout in memory. */
export function createLayout(): Layout {
  const blobs = new Map<Digest, Buffer>()
  const named: Descriptor[] = []

  const blob = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = digestOf(bytes)
    blobs.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const json = (mediaType: string, value: object) =>
    blob(mediaType, Buffer.from(JSON.stringify(value)))
  const manifest = (config: Descriptor, layers: readonly Descriptor[], extra: object = {}) =>
    json(mediaTypes.manifest, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      ...extra,
      config,
      layers,
    })

  return {
    blob,
    json,
    manifest,
    image(architecture, layers) {
      const archives = layers.map(tar)
      const config = json(mediaTypes.config, {
        architecture,
        os: 'linux',
        config: { Cmd: ['/hello'] },
        rootfs: { type: 'layers', diff_ids: archives.map(digestOf) },
        history: archives.map(() => ({ created_by: 'nearport e2e' })),
      })
      return manifest(
        config,
        archives.map((archive) => blob(mediaTypes.layer, gzipSync(archive, { level: 6 }))),
      )
    },
    index: (manifests) =>
      json(mediaTypes.index, { schemaVersion: 2, mediaType: mediaTypes.index, manifests }),
    name(descriptor, name) {
      const annotations = { 'org.opencontainers.image.ref.name': name }
      named.push({ ...descriptor, annotations })
    },
    async write(directory) {
      const folder = join(directory, 'blobs/sha256')
      await mkdir(folder, { recursive: true })
      for (const [digest, bytes] of blobs) {
        await writeFile(join(folder, digest.slice('sha256:'.length)), bytes)
      }
      await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
      const index = { schemaVersion: 2, manifests: named }
      await writeFile(join(directory, 'index.json'), JSON.stringify(index))
    },
  }
}

/** The SHA-256 digest of these bytes. */
export function digestOf(bytes: Buffer): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest
}

/**
 * A POSIX ustar archive (pax(1), "ustar Interchange Format") of plain files that all are root's and
 * of 1970.
 */
export function tar(files: readonly LayerFile[]): Buffer {
  const parts = files.flatMap(({ name, data, mode = 0o644 }) => {
    const header = Buffer.alloc(512)
    const octal = (value: number, offset: number, digits: number) =>
      header.write(`${value.toString(8).padStart(digits, '0')}\0`, offset)
    header.write(name, 0)
    octal(mode, 100, 7)
    octal(0, 108, 7)
    octal(0, 116, 7)
    octal(data.length, 124, 11)
    octal(0, 136, 11)
    header.write('        0', 148)
    header.write('ustar\u000000', 257)
    // The checksum is the header's sum with its own field as spaces.
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]
  })
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}
