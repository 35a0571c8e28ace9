import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Writes pieces as fast as the stream takes them. A reader that goes away early (`render | head`) is no
 * error.
 *
 * @param end whether the stream ends with them; standard output does not
 */
export async function writeAll(
  stream: Writable,
  pieces: Iterable<string | Uint8Array>,
  end = false,
): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), stream, { end });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
