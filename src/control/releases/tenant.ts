/** One tenant alone, compiled: its policy version does not depend on what others do. */

import { type CompilePolicy, compile, type Draft } from '../compile.ts';
import type { Configuration } from '../configuration.ts';

export const ofTenant = (configuration: Configuration, tenant: string): Configuration =>
  new Map([...configuration].filter(([, { metadata }]) => metadata.tenant === tenant));

export const compileTenant = (
  configuration: Configuration,
  tenant: string,
  compilePolicy: CompilePolicy,
): Promise<Draft> => compile(ofTenant(configuration, tenant), compilePolicy);
