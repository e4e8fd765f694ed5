import json from 'nearport-config'
import ranges from '../../data/ranges.bin'
import { createWorkerHandlers } from './worker/handlers.ts'

// `nearport-config` is nearport.json as it was checked: wrangler.toml says so.
export default createWorkerHandlers(json, ranges)
