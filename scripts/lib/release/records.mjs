/** What a package says of its making and its parts: a provenance file, and a bill of materials in CycloneDX. */
import { createRequire } from 'node:module';
import { sha256 } from '../hash.mjs';

/** @typedef {{name: string, version: string, licence: string, purl?: string}} Part */

/** @param {string} name of a package of npm */
export function npmPurl(name, version) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** A licence as CycloneDX has it: an identifier of SPDX, an expression of several, or the name of one that SPDX does not know. */
function licenceOf(cdx, licence) {
  if (licence.startsWith('LicenseRef-')) return new cdx.Models.NamedLicense(licence);
  return licence.includes(' ') ? new cdx.Models.LicenseExpression(licence) : new cdx.Models.SpdxLicense(licence);
}

/**
 * A bill of materials in CycloneDX 1.6, as JSON. It names no time and no number of its own, so that equal packages have equal bytes.
 * @param {Part & {description: string}} subject what it is of
 * @param {readonly Part[]} parts what is inside, or needed beside it
 */
export function billOfMaterials(subject, parts) {
  // Not there before node_modules are.
  const cdx = createRequire(import.meta.url)('@cyclonedx/cyclonedx-library');
  const { Enums, Models, Serialize, Spec } = cdx;
  const component = (type, { name, version, licence, purl, description }) => {
    const made = new Models.Component(type, name, { version, bomRef: purl ?? `${name}@${version}`, description });
    made.licenses.add(licenceOf(cdx, licence));
    if (purl !== undefined) made.purl = purl;
    return made;
  };
  const whole = component(Enums.ComponentType.Library, subject);
  const inside = parts.map((part) => component(Enums.ComponentType.Library, part));
  for (const one of inside) whole.dependencies.add(one.bomRef);
  const bom = new Models.Bom({
    components: new Models.ComponentRepository(inside),
    metadata: new Models.Metadata({ component: whole }),
  });
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** JSON as it stands in a file. */
export const jsonText = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** Files by name with their hashes. */
export function hashes(files) {
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)]));
}
