import { createHash } from 'node:crypto'
import { artifactOf, emptyBlob, fileOf, signatureOf, signatureTag } from './artifacts.ts'
import { type Image, contentOf, imageOf, indexOf, layerOf } from './images.ts'
import { gzipOf, tarOf } from './tar.ts'

/**
 * An image of the demonstration, and where it is pushed. Untagged ones are found through their
 * subject.
 */
export type Sample = {
  readonly repository: string
  readonly tags: readonly string[]
  readonly image: Image
}

/**
 * What the demonstration's upstream holds. Digests are the same at every start and on every
 * machine.
 */
export function createSamples(): readonly Sample[] {
  const base = layerOf([{ path: 'usr/share/base', content: fixedBytes('base', 768 * 1024) }])
  const hello = indexOf(
    ['amd64', 'arm64'].map((architecture) =>
      imageOf({
        architecture,
        layers: architecture === 'amd64' ? [base] : [],
        files: [
          { path: 'hello', content: `#!/bin/sh\necho hello from ${architecture}\n`, mode: 0o755 },
          { path: 'usr/share/hello', content: fixedBytes(architecture, 512 * 1024) },
        ],
      }),
    ),
  )
  const tools = imageOf({
    architecture: 'amd64',
    form: 'docker',
    layers: [base],
    files: [{ path: 'usr/bin/tool', content: '#!/bin/sh\necho tool 2.1\n', mode: 0o755 }],
  })
  const bill = artifactOf({
    artifactType: 'application/spdx+json',
    files: [fileOf('application/spdx+json', 'hello.spdx.json', '{"spdxVersion":"SPDX-2.3"}\n')],
    subject: hello,
  })

  return [
    { repository: 'hello', tags: ['1.0', 'latest'], image: hello },
    { repository: 'hello', tags: [signatureTag(hello)], image: signatureOf(hello) },
    { repository: 'hello', tags: [], image: bill },
    { repository: 'tools', tags: ['2.1'], image: tools },
    { repository: 'charts/demo', tags: ['0.1.0'], image: chart() },
    {
      repository: 'artifacts/release',
      tags: ['1.0'],
      image: artifactOf({
        artifactType: 'application/vnd.nearport.sample',
        files: [fileOf('text/plain', 'NOTES.txt', 'Nothing new.\n'), emptyBlob],
      }),
    },
  ]
}

// The shape `helm push` gives a chart.
function chart(): Image {
  const metadata = { apiVersion: 'v2', name: 'demo', version: '0.1.0' }
  const files = [
    { path: 'demo/Chart.yaml', content: 'apiVersion: v2\nname: demo\nversion: 0.1.0\n' },
    { path: 'demo/values.yaml', content: 'replicas: 1\n' },
  ]
  const archive = gzipOf(tarOf(files))
  return artifactOf({
    config: contentOf('application/vnd.cncf.helm.config.v1+json', JSON.stringify(metadata)),
    files: [
      fileOf('application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'demo-0.1.0.tgz', archive),
    ],
  })
}

function fixedBytes(seed: string, length: number): Uint8Array {
  return createHash('shake256', { outputLength: length }).update(seed).digest()
}
