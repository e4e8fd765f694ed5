import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A process that takes what an S3 store takes of a multipart upload, counts it and forgets it: the
 * double keeps what it gets in memory. Says its port to whoever started it.
 */
const sizes = new Map<string, number>()

const server = createServer((request, response) => {
  void answer(request, response)
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '' } = request
  const [path = '', query = ''] = url.split('?')
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) length += chunk.length

  if (method === 'PUT' && query.includes('partNumber=')) {
    sizes.set(path, (sizes.get(path) ?? 0) + length)
    response.setHeader('ETag', `"${length}"`)
  } else if (method === 'POST' && query.startsWith('uploads')) {
    sizes.set(path, 0)
    response.write(document('InitiateMultipartUploadResult', '<UploadId>1</UploadId>'))
  } else if (method === 'POST') {
    response.write(document('CompleteMultipartUploadResult', '<ETag>"1-1"</ETag>'))
  } else if (method === 'HEAD') {
    response.setHeader('Content-Length', sizes.get(path) ?? 0)
  }
  response.end()
}

function document(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><${root}>${content}</${root}>`
}
