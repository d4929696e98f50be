/** The few words of express that the reference agent needs; it comes without types. */
declare module 'express' {
  import type { Server } from 'node:http';
  export type RequestHandler = (...args: never) => unknown;
  interface App {
    use(path: string, handler: RequestHandler): void;
    listen(port: number, host: string): Server;
  }
  export default function express(): App;
}
