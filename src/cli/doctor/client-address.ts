import type { Config } from '../../config.ts'
import { bareAddress } from '../../core/address.ts'
import { locationText } from '../../core/location.ts'
import { loadBundledTable } from '../../ranges/bundled.ts'
import type { Add } from '../../sync/mirrors/mirror-finding.ts'
import { askAnonymously } from '../../sync/publish/anonymous.ts'
import type { DoctorDeps, Examination } from './examination.ts'
import { examine } from './examination.ts'

/** What to compare with what nearport sees. */
export type OwnAddress = {
  /** nearport as clients reach it. */
  readonly url: string | undefined
  /** The address that this machine has on the internet. */
  readonly ip: string | undefined
}

/**
 * Looks at where a client's address is read: asked from here, does nearport see where this machine is?
 */
export function examineClientAddress(
  { clientAddress: source }: Config,
  { url, ip }: OwnAddress,
  deps: DoctorDeps,
): Promise<Examination> {
  return examine('clients’ address', async (add, see) => {
    see(
      source.kind === 'socket'
        ? 'from the socket: right where no load balancer or proxy is before nearport'
        : `from ${source.header}, value ${source.fromRight} from the right: whatever is before nearport must set it`,
    )
    if (url === undefined) {
      return see('--url asks a running nearport what it sees; --ip says what it should')
    }
    const { status, header } = await askAnonymously('GET', `${url.replace(/\/+$/, '')}/v2/`, deps)
    const seen = header('x-nearport-client')
    if (seen === undefined) {
      return add(
        'wrong',
        `wanted a nearport at ${url}, got an answer ${status} of something else`,
        'set --url',
      )
    }
    see(`nearport sees a client here as ${seen}`)
    compare(seen, ip, add)
  })
}

function compare(seen: string, ip: string | undefined, add: Add): void {
  if (ip === undefined) return
  const address = bareAddress(ip)
  const here = address === undefined ? undefined : loadBundledTable().locate(address)
  const wanted = locationText(here)
  if (seen === wanted) return
  const fix =
    'set clientAddress to where what stands before nearport puts the address: docs/operations.md'
  add('wrong', `${ip} is ${wanted}, and nearport sees a client here as ${seen}`, fix)
}
