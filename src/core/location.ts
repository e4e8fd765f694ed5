/**
 * The clouds whose published address ranges nearport knows, in the order of the table's documents.
 */
export const clouds = ['aws', 'gcp', 'azure'] as const

/** A cloud by its short name: the first half of a mirror's id. */
export type Cloud = (typeof clouds)[number]

/**
 * The cloud and region an address belongs to, in the vendor's own spelling of the region. A region
 * may be one that nobody has announced yet, or `GLOBAL` (AWS) or `global` (GCP), which is in no
 * region's favour. Nowhere known is `undefined`, never a value of this type.
 */
export type ClientLocation = { readonly cloud: Cloud; readonly region: string }

/** A location in words, as in `aws/eu-west-1`. */
export function locationText(client: ClientLocation | undefined): string {
  return client === undefined ? 'in no known region' : `${client.cloud}/${client.region}`
}
