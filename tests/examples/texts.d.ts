/** Wrangler and the bundle of the tests import these as text modules. */
declare module "*.txt" {
  const text: string;
  export default text;
}
declare module "*.html" {
  const text: string;
  export default text;
}
