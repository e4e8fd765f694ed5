import { fetchInIsolate } from './serve-in-isolate.ts'

globalThis.fetch = fetchInIsolate
