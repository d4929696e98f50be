/** nginx as a plain reverse proxy: what a hop costs in C that decides nothing. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serializeRequest } from '../load/exchange.ts';
import { freePort, type Target, Unavailable, untilListening } from './target.ts';

/** Debian keeps it in `/usr/sbin`, which is not on the path of every user. */
const places = ['nginx', '/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'];

export const nginx: Target = {
  name: 'nginx',
  start: async ({ upstream, children, dir }) => {
    const { program, version } = findNginx();
    const port = await freePort();
    const config = join(dir, 'nginx.conf');
    writeFileSync(config, nginxConfig({ dir, port, upstreamPort: upstream.port }));
    const child = children.start([program, '-p', dir, '-e', join(dir, 'error.log'), '-c', config], { on: 'hop' });
    await untilListening(child, port, 'nginx');
    return { pids: [child.pid], port, request: serializeRequest('/v1/agents/bench/echo'), version };
  },
};

export function findNginx(): { readonly program: string; readonly version: string } {
  for (const program of places) {
    const { stderr } = spawnSync(program, ['-v'], { encoding: 'utf8', timeout: 2_000 });
    const version = /nginx\/(\S+)/.exec(stderr ?? '')?.[1];
    if (version !== undefined) return { program, version };
  }
  throw new Unavailable('`nginx` is not on the path or in /usr/sbin; on Debian: `apt-get install nginx`');
}

interface NginxSettings {
  readonly dir: string;
  readonly port: number;
  readonly upstreamPort: number;
  /** Further lines of its `location`. */
  readonly more?: string;
}

/** One worker in the foreground, no access log, connections kept on both sides, bodies in memory. */
export function nginxConfig({ dir, port, upstreamPort, more = '' }: NginxSettings): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path "${dir}/${kind}";`,
  );
  return `daemon off;
master_process off;
pid "${dir}/nginx.pid";
error_log "${dir}/error.log" warn;
events { worker_connections 4096; }
http {
${folders.join('\n')}
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 600s;
  keepalive_requests 100000000;
  client_body_buffer_size 64k;
  upstream bench { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";${more && `\n      ${more}`}
    }
  }
}
`;
}
