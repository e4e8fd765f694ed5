import type { Setting } from './columns.ts'

/** The folder of the repositories whose lists are read: the registry's name, and nearport's. */
export const listNames = { registry: 'public/lists', nearport: 'lists' } as const

/**
 * Who asks: an address in the region of one of the mirrors, told by the header that a Worker goes by
 * and Node may.
 */
export const caller = { 'cf-connecting-ip': '34.240.0.1' } as const

/**
 * The configuration that a setting means, as its file has it: the registry under its own names, and
 * one of its folders under another; `mirrors` where the setting has any.
 */
export function configure(
  { mode, presence }: Setting,
  registry: string,
  mirrors: readonly object[],
): object {
  return {
    upstreams: [
      { registry, mode, cloud: 'gcp' },
      { repositories: listNames.nearport, registry, mode, namespace: 'public', cloud: 'gcp' },
    ],
    mirrors: presence === undefined ? [] : mirrors,
    ...(presence !== undefined && { presence }),
    clientAddress: { header: Object.keys(caller)[0] },
  }
}
