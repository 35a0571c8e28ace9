import type { Server } from 'node:http';
import type { Milliseconds } from '../../model/settings.ts';

/**
 * Ends a server: it takes no more connections at once, and lets go of the port. Answers under way may
 * finish within `grace`; what is left then is cut. Never rejects, and does nothing to a closed server.
 */
export async function closeServer(server: Server, grace: Milliseconds): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  if (grace === 0) {
    server.closeAllConnections();
    await closed;
    return;
  }
  server.closeIdleConnections();
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, grace);
  await closed;
  clearTimeout(cut);
}
