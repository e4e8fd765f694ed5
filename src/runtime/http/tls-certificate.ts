import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'

/** Where a certificate, with the chain behind it, and its key are: two files of PEM. */
export type CertificateFiles = { readonly cert: string; readonly key: string }

/** What clients are shown, as its files have it. */
export type Certificate = {
  readonly cert: Buffer
  readonly key: Buffer
  /** Until when it holds: ISO 8601. */
  readonly validTo: string
}

/**
 * Reads a certificate and its key. Rejects where a file cannot be read, is not PEM, or has a key that
 * is another certificate's.
 */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  try {
    const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)])
    // What cannot be used throws here, and not at the first client.
    createSecureContext({ cert, key })
    const { validTo } = new X509Certificate(cert)
    return { cert, key, validTo: new Date(validTo).toISOString() }
  } catch (cause) {
    const why = (cause as Error).message
    throw new Error(`wanted a certificate in ${files.cert} and its key in ${files.key}: ${why}`, {
      cause,
    })
  }
}

/** Whether both are the same, byte by byte. */
export function isSameCertificate(a: Certificate, b: Certificate): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key)
}
