/**
 * First module of every test process: imports the test file named on the command line. When asked with SIGUSR2 it
 * says what keeps the process alive, which is how a leaked handle gets a name.
 */
import { pathToFileURL } from 'node:url';

process.on('SIGUSR2', () => {
  process.stderr.write(`still open: ${process.getActiveResourcesInfo().join(', ') || 'nothing'}\n`);
});

await import(pathToFileURL(process.argv[2]!).href);
