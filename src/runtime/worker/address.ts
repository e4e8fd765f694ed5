import type { ClientAddressSource } from '../../config/made.ts'

/** The source of a client's address that is a header. */
export type HeaderSource = Extract<ClientAddressSource, { readonly kind: 'header' }>

/** Set by Cloudflare's edge, over whatever a client sends in its name. */
export const edgeAddress: HeaderSource = {
  kind: 'header',
  header: 'cf-connecting-ip',
  fromRight: 1,
}
