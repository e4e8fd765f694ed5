import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { ListObjectsV2CommandInput } from '@aws-sdk/client-s3'
import { BucketError } from './bucket-error.ts'
import type { BucketSession } from './bucket-session.ts'

/** An object as it is listed. `key` may be a piece of the whole page: to keep it, copy it. */
export type ListedObject = {
  readonly key: string
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** A page of a listing; `next` is where the one after it begins. */
export type ListPage = {
  readonly objects: readonly ListedObject[]
  readonly next: string | undefined
}

export type ListRequest = Omit<ListObjectsV2CommandInput, 'Bucket'>

/** Reads a page. Throws BucketError. */
export async function readListPage(
  session: BucketSession,
  request: ListRequest,
): Promise<ListPage> {
  const { client, Bucket, ask } = session
  const what = `LIST ${request.Prefix || Bucket}`
  const command = new ListObjectsV2Command({ Bucket, MaxKeys: 1000, ...request })
  let objects: ListedObject[] = []
  // Before the SDK sees the page: its parser takes 35 ms and megabytes for a thousand keys.
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const response = result.response as RawResponse
      if (response.statusCode !== 200) return result
      const { objects: taken, rest } = takeObjects(await textOf(response.body))
      objects = taken
      response.body = Buffer.from(rest)
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'takeContents' },
  )
  const page = await ask(what, (abortSignal) => client.send(command, { abortSignal }))
  // What a store writes in a way of its own is left to the SDK.
  for (const { Key, Size, LastModified } of page.Contents ?? []) {
    if (Key === undefined || Size === undefined) continue
    objects.push({ key: Key, sizeBytes: Size, modifiedMs: LastModified?.getTime() ?? Number.NaN })
  }
  const next = page.IsTruncated === true ? page.NextContinuationToken : undefined
  if (page.IsTruncated === true && next === undefined) {
    throw new BucketError(what, { name: 'a page that is not the last names no next' })
  }
  return { objects, next }
}

type RawResponse = {
  readonly statusCode: number
  body: AsyncIterable<Uint8Array> | Uint8Array
}

const entry = /<Contents>[\s\S]*?<\/Contents>/g

/** The entries of a page, and what is left of it: also those that lack something. */
function takeObjects(text: string): { objects: ListedObject[]; rest: string } {
  const objects: ListedObject[] = []
  const rest = text.replace(entry, (piece) => {
    const key = inside(piece, 'Key')
    const size = inside(piece, 'Size')
    const modified = inside(piece, 'LastModified')
    if (key === undefined || size === undefined || modified === undefined) return piece
    objects.push({
      key: unescaped(key),
      sizeBytes: Number(size),
      modifiedMs: Date.parse(modified),
    })
    return ''
  })
  return { objects, rest }
}

function inside(piece: string, name: string): string | undefined {
  const start = piece.indexOf(`<${name}>`)
  const end = piece.indexOf(`</${name}>`, start)
  return start < 0 || end < 0 ? undefined : piece.slice(start + name.length + 2, end)
}

async function textOf(body: RawResponse['body']): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

function unescaped(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#x?[\da-fA-F]+|\w+);/g, (whole, entity: string) => {
    if (entity.startsWith('#x')) return String.fromCodePoint(parseInt(entity.slice(2), 16))
    if (entity.startsWith('#')) return String.fromCodePoint(Number(entity.slice(1)))
    return named[entity] ?? whole
  })
}
