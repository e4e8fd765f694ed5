import { bareAddress } from '../core/address.ts'
import type { AddressTable } from '../core/address-table.ts'
import type { ClientLocation } from '../core/location.ts'

/**
 * From what may be an address to one line about it: `ADDRESS<TAB>cloud<TAB>region`, with `-` for
 * what is not known. It is read as a header's value would be, so a port does no harm.
 */
export function createLineLookup(table: AddressTable): (text: string) => string {
  const endings = new Map<ClientLocation, string>()
  for (const location of table.locations) {
    endings.set(location, `\t${location.cloud}\t${location.region}\n`)
  }
  const nobody = '\t-\t-\n'
  return (text) => {
    const location = table.locate(text)
    if (location !== undefined) return text + endings.get(location)!
    const bare = locateBare(table, text)
    return printable(text.trim()) + (bare === undefined ? nobody : endings.get(bare)!)
  }
}

/**
 * The same as one line of JSON: `address`, `cloud` and `region` (null when not known), and whether
 * it is EC2's.
 */
export function createJsonLookup(table: AddressTable): (text: string) => string {
  return (text) => {
    const { cloud, region } = locateBare(table, text) ?? { cloud: null, region: null }
    const ec2 = cloud === 'aws' && table.isEc2(bareAddress(text)!)
    return `${JSON.stringify({ address: text.trim(), cloud, region, ec2 })}\n`
  }
}

function locateBare(table: AddressTable, text: string): ClientLocation | undefined {
  const address = bareAddress(text)
  return address === undefined ? undefined : table.locate(address)
}

/** One column of one line, whatever it was: what must not reach a terminal does not. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what must not reach a terminal
  return text.replaceAll(/[\0-\x1f\x7f-\x9f]/g, '?')
}
