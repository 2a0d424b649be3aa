// The one network that all subjects of a measurement run.

/** Pixels a side of the images of all subjects, whatever a network takes by itself. */
export const side = 224;

/** A network of the registry in inference on images of that size. `slimnet` is the package. */
export function buildNetwork({ Graph, nets, placeholder, slim }, name, seed = 0) {
  const { argScope, build } = nets.network(name);
  const graph = new Graph({ seed });
  const { net } = graph.build(() => {
    const images = placeholder('float32', [null, side, side, 3], { name: 'images' });
    return slim.argScope(argScope(), () => build(images, { numClasses: 1000, isTraining: false }));
  });
  return { graph, net };
}
