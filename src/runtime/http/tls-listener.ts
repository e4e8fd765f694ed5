import type { CertificateEvent } from '../../core/event.ts'
import type { Listener, Served } from './listener.ts'
import { listen } from './listen.ts'
import type { Certificate, CertificateFiles } from './tls-certificate.ts'
import { isSameCertificate, readCertificate } from './tls-certificate.ts'

/** Reading two small files is nothing, and their bytes tell what no watcher of files does everywhere. */
const lookEveryMs = 10_000

/**
 * Opens the clients' port with TLS; a certificate that is renewed is taken while it listens. Rejects
 * where the port cannot be had, or its certificate cannot be used.
 */
export async function listenWithTls(
  served: Served,
  address: { readonly host: string | undefined; readonly port: number },
  tls: CertificateFiles,
  record: (event: CertificateEvent) => void,
  everyMs: number = lookEveryMs,
): Promise<Listener> {
  const first = await readCertificate(tls)
  const listener = await listen(served, address, first)
  const take = (certificate: Certificate) => {
    const { validTo } = certificate
    record({ event: 'certificate', timeMs: Date.now(), outcome: 'taken', validTo })
  }
  take(first)
  const renew = (certificate: Certificate) => {
    listener.showCertificate(certificate)
    take(certificate)
  }
  const look = createCertificateLook(tls, first, renew, record)
  const timer = setInterval(() => void look(), everyMs)
  timer.unref()
  return {
    ...listener,
    async close(withinMs) {
      clearInterval(timer)
      await listener.close(withinMs)
    },
  }
}

/**
 * Looks whether the files hold another certificate than the last good one, which stays where they hold
 * none that can be used. That is told once, and only where the next look finds the same: who renews
 * them may just be writing one after the other.
 */
function createCertificateLook(
  files: CertificateFiles,
  first: Certificate,
  renew: (certificate: Certificate) => void,
  record: (event: CertificateEvent) => void,
): () => Promise<void> {
  let shown = first
  let problem: string | undefined
  let isTold = false
  return async () => {
    try {
      const found = await readCertificate(files)
      problem = undefined
      if (isSameCertificate(found, shown)) return
      renew(found)
      shown = found
    } catch (error) {
      const { message } = error as Error
      if (message !== problem) {
        problem = message
        isTold = false
        return
      }
      if (isTold) return
      isTold = true
      record({ event: 'certificate', timeMs: Date.now(), outcome: 'refused', problem })
    }
  }
}
