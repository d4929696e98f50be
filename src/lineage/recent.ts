/** Of the kernel; here for `place.ts`. */
export { Recent } from '../kernel/index.ts';
