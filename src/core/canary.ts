import { digestOfHex } from './digest.ts'

/**
 * The blob every mirror holds so that there is one to try: the two bytes `{}`, which is also the OCI image spec's empty
 * config ("Guidance for an Empty Descriptor").
 */
export const canary = {
  digest: digestOfHex('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'),
  text: '{}',
  size: 2,
} as const
