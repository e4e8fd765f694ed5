import { env } from 'cloudflare:workers'

/** Stands in the place of nearport.json in a Worker that is tested: one bundle, many configurations. */
const { NEARPORT_JSON } = env
export default NEARPORT_JSON
