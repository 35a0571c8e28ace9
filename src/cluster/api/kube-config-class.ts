/*
 * A module of its own, so that a bundler can leave out the rest of the Kubernetes client: of a package that
 * is imported lazily it must keep everything.
 */
export { KubeConfig } from '@kubernetes/client-node';
