/** Clients of the MCP door, of every kind, in one house. Each file does with agents of its own what would be in the way of another. */
import './clients.ts';
import './oauth.ts';
import './announce.ts';
import './hostile.ts';
