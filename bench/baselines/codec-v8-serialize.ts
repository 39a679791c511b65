/** Bids by what structured cloning is made of. Of batches of 1 to 4,096 those of 256 were fastest. */
import { deserialize, serialize } from 'node:v8';
import { foldBids, runCodec } from './codec-run.js';

runCodec(256, (bids, digest) => foldBids(deserialize(serialize(bids)), digest));
