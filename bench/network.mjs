// The one network that all subjects of a measurement run.

/** A network of the registry in inference on images of 224 pixels. `slimnet` is the package. */
export function buildNetwork({ Graph, nets, placeholder, slim }, name, seed = 0) {
  const { argScope, build } = nets.network(name);
  const graph = new Graph({ seed });
  const { net } = graph.build(() => {
    const images = placeholder('float32', [null, 224, 224, 3], { name: 'images' });
    return slim.argScope(argScope(), () => build(images, { numClasses: 1000, isTraining: false }));
  });
  return { graph, net };
}
