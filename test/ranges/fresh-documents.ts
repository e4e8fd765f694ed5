import { crc32 } from 'node:zlib'
import { compileRanges } from '../../src/ranges/compile.ts'
import type { Row } from './sample-documents.ts'
import { documentsOf } from './sample-documents.ts'

/** Two large regions and two small ones of AWS's. */
export const usualRows: readonly Row[] = [
  ['10.0.0.0/12', 'us-east-1'],
  ['10.16.0.0/12', 'eu-west-1'],
  ['10.32.0.0/24', 'ap-south-1'],
  ['10.32.1.0/24', 'ap-east-1', 'EC2'],
  ['2001:db8::/40', 'us-east-1'],
  ['2001:db8:100::/40', 'eu-west-1'],
]

const gcp: readonly Row[] = [['34.1.208.0/20', 'africa-south1']]
const azure: readonly Row[] = [['4.199.128.0/17', 'australiacentral']]

/** AWS's document with these rows, made at a time in seconds since 1970. */
export function awsDocument(syncToken: number, rows: readonly Row[] = usualRows): object {
  return { ...(documentsOf({ aws: rows }).aws as object), syncToken: String(syncToken) }
}

/** Google Cloud's, made at a time in milliseconds since 1970. */
export function gcpDocument(syncToken: number, rows: readonly Row[] = gcp): object {
  return { ...(documentsOf({ gcp: rows }).gcp as object), syncToken: String(syncToken) }
}

export function bytesOf(document: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(document))
}

/** A table of all three clouds, with AWS's document of this version. */
export function tableOf(
  awsVersion: number,
  { rows = usualRows, gcpVersion = 1_700_000_000_000 } = {},
): Uint8Array {
  return compileRanges(
    {
      aws: awsDocument(awsVersion, rows),
      gcp: gcpDocument(gcpVersion),
      azure: documentsOf({ azure }).azure,
    },
    crc32,
  )
}
