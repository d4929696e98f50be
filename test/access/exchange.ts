/** One request exactly as it is written, and what came of it. */
import http from 'node:http';

export type Headers = Readonly<Record<string, string>>;

export interface Answered {
  readonly status: number;
  readonly text: string;
}

interface Exchange {
  readonly agent: http.Agent;
  readonly url: string;
  readonly method: string;
  /** Sent as it is: a client that tidies it up would hide what a hostile one does. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | undefined;
}

/** A stream is over for us when it has begun: that it was opened is the answer. */
export const exchange = ({ agent, url, method, path, headers, body }: Exchange): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const request = http.request({ agent, hostname, port, path, method, headers: { ...headers, ...length } });
    request.once('error', reject);
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
        resolve({ status, text: '' });
        request.removeAllListeners('error').on('error', () => {});
        response.on('error', () => {});
        request.destroy();
        return;
      }
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status, text }));
      response.once('error', reject);
    });
    request.end(body);
  });
