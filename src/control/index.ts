/** Desired and observed state: configuration checked, compiled, signed and published; nodes joined, watched and told. */
export { type Checked, type Configuration, checkConfiguration } from './check.ts';
export { type CompilePolicy, compile, type Draft, type PolicyText, type PolicyWorld } from './compile.ts';
export { difference } from './difference.ts';
export { type ControlParts, ControlPlane } from './plane.ts';
export { refuseIfAny } from './problems.ts';
export { checkShape, type Raw, type Shaped } from './shape.ts';
export { type DocumentKind, type Documents, type Expected, openSigned, signDocument } from './sign.ts';
export { type Locate, readSources, type Sources, sourcesOfText } from './source.ts';
