import type { Registry } from '@prometheus-io/client'
import { Gauge } from '@prometheus-io/client'
import type { CertificateEvent } from '../core/event.ts'

/**
 * Adds how long the certificate that clients are shown still holds, read anew at each scrape. Returns
 * what is to be told of every certificate. `now` is in milliseconds since 1970.
 */
export function addCertificateGauge(
  registers: Registry[],
  now: () => number,
): (event: CertificateEvent) => void {
  let validToMs: number | undefined
  void new Gauge({
    name: 'nearport_certificate_valid_seconds',
    help: 'How long the certificate that clients are shown still holds; negative: it is over.',
    registers,
    collect() {
      // No certificate, no number: a zero would look like one that is over.
      if (validToMs === undefined) this.remove()
      else this.set((validToMs - now()) / 1000)
    },
  })
  return ({ validTo }) => {
    if (validTo !== undefined) validToMs = Date.parse(validTo)
  }
}
