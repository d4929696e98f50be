/**
 * Clients of the MCP door, of every kind, in one house, and what needs nodes of its own. Each file does with agents of its own what would
 * be in the way of another.
 */
import './clients.ts';
import './oauth.ts';
import './announce.ts';
import './hostile.ts';
import './mesh.ts';
import './conformance.ts';
