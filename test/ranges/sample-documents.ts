import type { RangesDocuments } from '../../src/ranges/documents.ts'

/** A row of a document: prefix, region and, for AWS, the service. */
export type Row = readonly [prefix: string, region: string, service?: string]

/** Documents in the vendors' own shapes with these rows; a cloud without rows has no document. */
export function documentsOf(rows: {
  readonly aws?: readonly Row[]
  readonly gcp?: readonly Row[]
  readonly azure?: readonly Row[]
}): RangesDocuments {
  return {
    ...(rows.aws && { aws: awsDocument(rows.aws) }),
    ...(rows.gcp && { gcp: gcpDocument(rows.gcp) }),
    ...(rows.azure && { azure: azureDocument(rows.azure) }),
  }
}

function awsDocument(rows: readonly Row[]): object {
  const row = ([prefix, region, service = 'AMAZON']: Row): object => ({
    [isIpv6(prefix) ? 'ipv6_prefix' : 'ip_prefix']: prefix,
    region,
    service,
    network_border_group: region,
  })
  return {
    syncToken: '1785313625',
    createDate: '2026-07-29-08-27-05',
    prefixes: rows.filter(([prefix]) => !isIpv6(prefix)).map(row),
    ipv6_prefixes: rows.filter(([prefix]) => isIpv6(prefix)).map(row),
  }
}

function gcpDocument(rows: readonly Row[]): object {
  return {
    syncToken: '1785333953849',
    creationTime: '2026-07-29T07:05:53.849365',
    prefixes: rows.map(([prefix, scope]) => ({
      [isIpv6(prefix) ? 'ipv6Prefix' : 'ipv4Prefix']: prefix,
      service: 'Google Cloud',
      scope,
    })),
  }
}

function azureDocument(rows: readonly Row[]): object {
  const regions = [...new Set(rows.map(([, region]) => region))]
  return {
    changeNumber: 420,
    cloud: 'Public',
    values: regions.map((region) => ({
      name: `AzureCloud.${region}`,
      id: `AzureCloud.${region}`,
      properties: {
        region,
        platform: 'Azure',
        systemService: '',
        addressPrefixes: rows.filter((row) => row[1] === region).map(([prefix]) => prefix),
      },
    })),
  }
}

function isIpv6(prefix: string): boolean {
  return prefix.includes(':')
}
