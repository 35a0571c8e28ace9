import { setFlagsFromString } from 'node:v8';
import { run } from './cli/program.ts';

// Some rules and routes live long; V8 would conclude that all do, and fill its old space with garbage:
// generating 10,000 services x 10 endpoints then peaks at 250 MB rather than 130.
setFlagsFromString('--no-allocation-site-pretenuring');

// Or the kernel would call us MainThread, in `ss` and in what others report of our sockets.
process.title = 'chainwright';

process.exitCode = await run(process.argv);
